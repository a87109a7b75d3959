// SPDX-License-Identifier: MIT
// Optimizer options of single parameters, as tricks set them, and the groups that follow from them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/weights/weight_set.hpp"

namespace knack::host {

/// One option of one parameter: who set it and why.
struct ParamOption {
  double value = 0.0;
  std::string setter;  ///< instance name
  std::string reason;
};

/// Parameters with equal options. `parameters` are indices into the parameter list, ascending.
struct OptionGroup {
  std::map<std::string, double> options;  ///< only those that differ from the optimizer's own
  std::vector<std::size_t> parameters;
};

/// Options are collected while tricks run `fit_begin`; then the groups are made, once.
class ParamOptions {
 public:
  explicit ParamOptions(const std::vector<ModelTensor>& parameters);

  /// Throws Error(training) when another instance has set this option of this parameter to a
  /// different value, or when the groups have been made.
  void set(const std::string& setter, std::size_t parameter, std::string_view option, double value,
           std::string_view reason);

  /// Every parameter that requires a gradient, in exactly one group; groups in the order of their
  /// first parameter. Closes the collection.
  std::vector<OptionGroup> make_groups();

  /// The options of a parameter by name of the option.
  const std::map<std::string, ParamOption>& of(std::size_t parameter) const {
    return options_.at(parameter);
  }

 private:
  const std::vector<ModelTensor>& parameters_;
  std::vector<std::map<std::string, ParamOption>> options_;
  bool closed_ = false;
};

}  // namespace knack::host
