// SPDX-License-Identifier: MIT
// NaN and infinities: whether a window came to any, and what puts back what it left.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/MT19937RNGEngine.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/plugin/kinds/model.hpp"
#include "host/train/hooks.hpp"

namespace knack::host {

/// From good to bad.
enum class Numbers { finite, infinite, nan };

/// The worst number in a tensor of any dtype, device and layout.
Numbers worst_number(const at::Tensor& tensor);

/// Whether all numbers of a tensor are finite. One pass over the memory of dense tensors on the
/// CPU.
bool is_finite(const at::Tensor& tensor);

/// What a window came to.
struct WindowNumbers {
  std::vector<double> losses;  ///< of its micro-batches; 0 for those that were left out
  bool finite_gradients = true;

  bool are_finite() const;
};

/// Reads the losses and looks through the gradients of a window whose last backward is done. Where
/// the device is not the CPU it is waited for once.
WindowNumbers read_numbers(const std::vector<MicroBatch>& window,
                           const std::vector<std::vector<at::Tensor>>& group_params);

/// Where LibTorch's default random stream stood, cheap enough to be noted before each forward.
class RandomStreamMark {
 public:
  explicit RandomStreamMark(at::Device device);

  /// Draws go on from here again.
  void go_back() const;

 private:
  at::mt19937 on_cpu_;
  std::optional<float> next_float_;  // drawn ahead, as normal numbers come in pairs
  std::optional<double> next_double_;
  at::Generator on_device_;  // defined unless that is the CPU
};

/// The content of tensors at one time.
class TensorKeeper {
 public:
  explicit TensorKeeper(std::vector<at::Tensor> tensors) : tensors_(std::move(tensors)) {}

  void keep();
  void put_back();

 private:
  std::vector<at::Tensor> tensors_;
  std::vector<at::Tensor> copies_;
};

/// The model's buffers.
std::vector<at::Tensor> buffers_of(const Model& model);

}  // namespace knack::host
