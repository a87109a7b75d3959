// SPDX-License-Identifier: MIT
// Tensors such as a model lists them: a weight, a running mean and a counter.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "host/plugin/kinds/model_parts.hpp"

namespace knack::testing {

inline std::vector<host::ModelTensor> small_model() {
  at::Tensor weight = at::arange(4, at::kFloat).reshape({1, 4, 1, 1}).clone();
  weight.requires_grad_(true);
  return {
      {"conv.weight", "weight", "Conv2d", false, true, weight},
      {"bn.running_mean", "norm_stat", "BatchNorm2d", true, true, at::zeros({4})},
      {"bn.num_batches_tracked", "norm_stat", "BatchNorm2d", true, true, at::zeros({}, at::kLong)},
      {"cache", "buffer", "Net", true, false, at::ones({2})}};
}

}  // namespace knack::testing
