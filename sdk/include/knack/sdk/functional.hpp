// SPDX-License-Identifier: MIT
// Layers and losses as functions of tensors, named and meant as in torch.nn.functional.
#pragma once

#include <knack/sdk/tensor.hpp>

namespace knack::inline v1 {

/// Height and width; one number stands for both.
struct Pair {
  std::int64_t height;
  std::int64_t width;
  Pair(std::int64_t both) : height(both), width(both) {}
  Pair(std::int64_t height, std::int64_t width) : height(height), width(width) {}
  [[nodiscard]] IntList list() const {
    return {height, width};
  }
};

/// How a loss of many elements becomes one; the numbers are those of at::Reduction.
enum class Reduction : std::int64_t { none = 0, mean = 1, sum = 2 };

namespace detail {

inline std::int64_t number_of(Reduction reduction) {
  return static_cast<std::int64_t>(reduction);
}

}  // namespace detail

/// input (..., in), weight (out, in), bias (out) or undefined.
inline Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias = {}) {
  static const Operator op("aten::linear");
  return op(input, weight, bias);
}

struct ConvOptions {
  Pair stride = 1;
  Pair padding = 0;
  Pair dilation = 1;
  std::int64_t groups = 1;
};
/// input (n, in, h, w), weight (out, in / groups, h, w), bias (out) or undefined.
inline Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias = {},
                     const ConvOptions& options = {}) {
  static const Operator op("aten::conv2d");
  return op(input, weight, bias, options.stride.list(), options.padding.list(),
            options.dilation.list(), options.groups);
}

struct BatchNormOptions {
  bool training = false;  ///< normalize by the batch and update the running statistics
  double momentum = 0.1;
  double eps = 1e-5;
};
/// input (n, channels, ...); all others (channels) or undefined.
inline Tensor batch_norm(const Tensor& input, const Tensor& weight, const Tensor& bias,
                         const Tensor& running_mean, const Tensor& running_var,
                         const BatchNormOptions& options = {}) {
  static const Operator op("aten::batch_norm");
  return op(input, weight, bias, running_mean, running_var, options.training, options.momentum,
            options.eps, true);
}
/// Over the last dimensions, which are `shape`.
inline Tensor layer_norm(const Tensor& input, Sizes shape, const Tensor& weight = {},
                         const Tensor& bias = {}, double eps = 1e-5) {
  static const Operator op("aten::layer_norm");
  return op(input, IntList(shape), weight, bias, eps);
}

inline Tensor max_pool2d(const Tensor& input, Pair kernel, Pair stride, Pair padding = 0) {
  static const Operator op("aten::max_pool2d");
  return op(input, kernel.list(), stride.list(), padding.list());
}
inline Tensor max_pool2d(const Tensor& input, Pair kernel) {
  return max_pool2d(input, kernel, kernel);
}
inline Tensor avg_pool2d(const Tensor& input, Pair kernel, Pair stride, Pair padding = 0) {
  static const Operator op("aten::avg_pool2d");
  return op(input, kernel.list(), stride.list(), padding.list());
}
inline Tensor avg_pool2d(const Tensor& input, Pair kernel) {
  return avg_pool2d(input, kernel, kernel);
}
inline Tensor adaptive_avg_pool2d(const Tensor& input, Pair size) {
  static const Operator op("aten::adaptive_avg_pool2d");
  return op(input, size.list());
}
/// Resizes images, (n, channels, h, w).
inline Tensor upsample_bilinear2d(const Tensor& input, Pair size, bool align_corners = false) {
  static const Operator op("aten::upsample_bilinear2d");
  return op(input, size.list(), align_corners);
}

/// Sets a random share `p` of the elements to 0 and scales the others by 1 / (1 - p). Draws from the
/// calling instance's own stream.
inline Tensor dropout(const Tensor& input, double p) {
  if (p <= 0) return input;
  Tensor mask = Tensor::empty_like(input.detach()).bernoulli_(1 - p);
  return p < 1 ? input * mask / (1 - p) : input * mask;
}

struct CrossEntropyOptions {
  Tensor weight;  ///< of each class, or undefined
  Reduction reduction = Reduction::mean;
  std::int64_t ignore_index = -100;
  double label_smoothing = 0;
};
/// input (n, classes, ...); target int64 (n, ...), or probabilities shaped like the input.
inline Tensor cross_entropy(const Tensor& input, const Tensor& target,
                            const CrossEntropyOptions& options = {}) {
  static const Operator op("aten::cross_entropy_loss");
  return op(input, target, options.weight, detail::number_of(options.reduction),
            options.ignore_index, options.label_smoothing);
}
/// input (n, classes, ...) of log-probabilities; target int64 (n, ...).
inline Tensor nll_loss(const Tensor& input, const Tensor& target,
                       Reduction reduction = Reduction::mean) {
  static const Operator op("aten::nll_loss");
  return op(input, target, std::nullopt, detail::number_of(reduction));
}
inline Tensor mse_loss(const Tensor& input, const Tensor& target,
                       Reduction reduction = Reduction::mean) {
  static const Operator op("aten::mse_loss");
  return op(input, target, detail::number_of(reduction));
}
inline Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target,
                                               Reduction reduction = Reduction::mean) {
  static const Operator op("aten::binary_cross_entropy_with_logits");
  return op(input, target, std::nullopt, std::nullopt, detail::number_of(reduction));
}

/// int64 classes (...) as zeros and ones (..., classes).
inline Tensor one_hot(const Tensor& classes, std::int64_t count) {
  static const Operator op("aten::one_hot");
  return op(classes, count);
}
/// weight (count, width), int64 indices (...): (..., width).
inline Tensor embedding(const Tensor& weight, const Tensor& indices) {
  static const Operator op("aten::embedding");
  return op(weight, indices);
}

/// Elements of `a` where the condition holds, of `b` elsewhere.
inline Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  static const Operator op("aten::where", "self");
  return op(condition, a, b);
}
inline Tensor where(const Tensor& condition, const Tensor& a, Scalar b) {
  static const Operator op("aten::where", "ScalarOther");
  return op(condition, a, b);
}

}  // namespace knack::inline v1
