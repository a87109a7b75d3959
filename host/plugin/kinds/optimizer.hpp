// SPDX-License-Identifier: MIT
// An optimizer, as the loop steps it.
#pragma once

#include <knack/abi/kinds/optimizer.h>

#include <span>
#include <string>
#include <vector>

#include "host/plugin/instance.hpp"

namespace knack::host {

/// Parameters with equal options. Tensors and names stay where they are while the optimizer lives.
struct ParamGroup {
  std::vector<at::Tensor*> params;
  std::vector<std::string> names;
  Value::Map options;  ///< those that differ from the optimizer's own
};

class Optimizer : public Instance {
 public:
  static constexpr const char* kKind = KNACK_KIND_OPTIMIZER;

  explicit Optimizer(Instance&& instance);

  /// Adds a group, before the first step.
  void add_group(const ParamGroup& group);

  /// `gradients[group][i]` belongs to parameter i of that group; undefined means none. The caller
  /// has switched gradient mode off.
  void step(std::span<const std::vector<at::Tensor>> gradients);

  double option(std::size_t group, const std::string& name) const;
  void set_option(std::size_t group, const std::string& name, double value) const;

 private:
  knack_optimizer_t slots_;
  std::vector<std::vector<knack_tensor_t*>> gradients_;
  std::vector<knack_tensor_t* const*> gradient_groups_;
};

}  // namespace knack::host
