// SPDX-License-Identifier: MIT
// A model, as the loop runs it.
#pragma once

#include <knack/abi/kinds/model.h>

#include <vector>

#include "host/plugin/instance.hpp"
#include "host/plugin/kinds/model_parts.hpp"

namespace knack::host {

class Model : public Instance {
 public:
  static constexpr const char* kKind = KNACK_KIND_MODEL;

  explicit Model(Instance&& instance);

  Value forward(const Value& inputs);
  void set_training(bool training);
  /// As last set; models begin in training.
  bool is_training() const {
    return training_;
  }

  /// Parameters, then buffers, in the model's order. Throws Error for a name that appears twice.
  std::vector<ModelTensor> tensors() const;

  /// Normalization layers with running statistics as they are now; none for most other models.
  std::size_t norm_layer_count() const;
  NormLayer norm_layer(std::size_t index) const;
  void set_norm_training(std::size_t index, bool training) const;
  void set_norm_momentum(std::size_t index, double momentum) const;

 private:
  knack_model_t slots_;
  BorrowedValue inputs_;
  bool training_ = true;
};

}  // namespace knack::host
