// SPDX-License-Identifier: MIT
// What a model consists of, as its plugin lists it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace knack::host {

/// One parameter or buffer of the model.
struct ModelTensor {
  std::string name;        ///< as in the PyTorch state dict
  std::string role;        ///< KNACK_ROLE_*
  std::string owner_kind;  ///< class of its layer, "BatchNorm2d"
  bool is_buffer = false;
  bool is_persistent = true;  ///< part of the state dict
  at::Tensor tensor;          ///< the model's own: its storage is exchanged when a set is activated
};

/// One normalization layer with running statistics. Tensors are the model's own.
struct NormLayer {
  std::string name;
  std::string kind;
  std::int64_t channels = 0;
  double momentum = 0.1;  ///< NaN: cumulative average
  bool training = true;   ///< its present mode
  at::Tensor* running_mean = nullptr;
  at::Tensor* running_var = nullptr;
  at::Tensor* num_batches_tracked = nullptr;  ///< may be nullptr
};

}  // namespace knack::host
