// SPDX-License-Identifier: MIT
// Where and in which number format a run computes.
#pragma once

#include <ATen/core/Tensor.h>

#include "host/plugin/value.hpp"
#include "host/recipe/recipe.hpp"
#include "host/weights/weight_set.hpp"

namespace knack::host {

/// Device, dtype, memory format and autocast of a run.
class Placement {
 public:
  /// On the CPU in fp32.
  Placement() = default;

  /// Throws Error(recipe) for a device this LibTorch does not have.
  explicit Placement(const TrainerOptions& options);

  at::Device device() const {
    return device_;
  }
  bool autocast() const {
    return autocast_;
  }

  /// Moves parameters and buffers: floating ones to the dtype, 4-dimensional ones to the memory
  /// format.
  void place_model(std::vector<ModelTensor>& tensors) const;

  /// A batch where the model wants it: floating tensors in the parameters' dtype, images in the
  /// memory format. Tensors that are there already are shared.
  Value place(const Value& batch) const;

 private:
  at::Tensor placed(const at::Tensor& tensor) const;

  at::Device device_ = at::kCPU;
  at::ScalarType dtype_ = at::kFloat;
  bool channels_last_ = false;
  bool autocast_ = false;
};

/// Runs what is inside its life under bf16 autocast when `enabled`, and otherwise without autocast.
class [[nodiscard]] AutocastScope {
 public:
  AutocastScope(at::Device device, bool enabled);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  at::DeviceType type_;
  bool enabled_before_;
  at::ScalarType dtype_before_;
};

}  // namespace knack::host
