// SPDX-License-Identifier: MIT
// The operator in which a model's numbers go wrong.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/plugin/kinds/model_parts.hpp"

namespace knack::host {

/// The first operator that made worse numbers out of better ones.
struct NonFiniteOperator {
  std::string name;   ///< "aten::convolution"
  std::string layer;  ///< whose parameter it uses, or the last one used; "" when there is none
  bool uses_layer = false;  ///< the former
};

/// Runs `forward` and watches the operators that it calls on this thread. Such that fill in
/// constants, as masks of attention are made, are no suspects while what they give is no NaN, and
/// neither are those that only hand out memory. Nothing when all numbers are finite, or were not so
/// before they reached an operator.
std::optional<NonFiniteOperator> find_non_finite_operator(const std::vector<ModelTensor>& tensors,
                                                          const std::function<void()>& forward);

}  // namespace knack::host
