// SPDX-License-Identifier: MIT
// Operators on lists of tensors. Part of tensor.hpp.
#pragma once

#include <knack/sdk/tensor_operators.hpp>

namespace knack::inline v1 {

/// Tensors in a row along a dimension they have, or along a new one.
inline Tensor cat(const TensorList& tensors, std::int64_t dim = 0) {
  static const Operator op("aten::cat");
  return op(tensors, dim);
}
inline Tensor cat(std::initializer_list<Tensor> tensors, std::int64_t dim = 0) {
  return cat(TensorList(std::span<const Tensor>(tensors.begin(), tensors.size())), dim);
}
inline Tensor stack(const TensorList& tensors, std::int64_t dim = 0) {
  static const Operator op("aten::stack");
  return op(tensors, dim);
}
inline Tensor stack(std::initializer_list<Tensor> tensors, std::int64_t dim = 0) {
  return stack(TensorList(std::span<const Tensor>(tensors.begin(), tensors.size())), dim);
}

/// a[i] += weight * (b[i] - a[i]), for all i.
inline void foreach_lerp_(const TensorList& a, const TensorList& b, Scalar weight) {
  static const Operator op("aten::_foreach_lerp_", "Scalar");
  if (!a.empty()) op.run(a, b, weight);
}
/// a[i] = b[i], converted to the element type of a[i].
inline void foreach_copy_(const TensorList& a, const TensorList& b) {
  static const Operator op("aten::_foreach_copy_");
  if (!a.empty()) op.run(a, b);
}
/// a[i] += alpha * b[i]
inline void foreach_add_(const TensorList& a, const TensorList& b, Scalar alpha = 1) {
  static const Operator op("aten::_foreach_add_", "List");
  if (!a.empty()) op.run(a, b, alpha);
}
/// a[i] -= alpha * b[i]
inline void foreach_sub_(const TensorList& a, const TensorList& b, Scalar alpha = 1) {
  static const Operator op("aten::_foreach_sub_", "List");
  if (!a.empty()) op.run(a, b, alpha);
}
/// a[i] *= b[i]
inline void foreach_mul_(const TensorList& a, const TensorList& b) {
  static const Operator op("aten::_foreach_mul_", "List");
  if (!a.empty()) op.run(a, b);
}
/// a[i] *= factor; the same with a number in a tensor, which may be on another device.
inline void foreach_mul_(const TensorList& a, Scalar factor) {
  static const Operator op("aten::_foreach_mul_", "Scalar");
  if (!a.empty()) op.run(a, factor);
}
inline void foreach_mul_(const TensorList& a, const Tensor& factor) {
  static const Operator op("aten::_foreach_mul_", "Tensor");
  if (!a.empty()) op.run(a, factor);
}
/// a[i] /= b[i]
inline void foreach_div_(const TensorList& a, const TensorList& b) {
  static const Operator op("aten::_foreach_div_", "List");
  if (!a.empty()) op.run(a, b);
}
/// a[i] += factor * b[i] * c[i]
inline void foreach_addcmul_(const TensorList& a, const TensorList& b, const TensorList& c,
                             Scalar factor = 1) {
  static const Operator op("aten::_foreach_addcmul_", "Scalar");
  if (!a.empty()) op.run(a, b, c, factor);
}
/// a[i] += factor * b[i] / c[i]
inline void foreach_addcdiv_(const TensorList& a, const TensorList& b, const TensorList& c,
                             Scalar factor = 1) {
  static const Operator op("aten::_foreach_addcdiv_", "Scalar");
  if (!a.empty()) op.run(a, b, c, factor);
}
/// a[i] = 0
inline void foreach_zero_(const TensorList& a) {
  static const Operator op("aten::_foreach_zero_");
  if (!a.empty()) op.run(a);
}
/// The p-norm of each tensor.
inline std::vector<Tensor> foreach_norm(const TensorList& a, Scalar p = 2) {
  static const Operator op("aten::_foreach_norm", "Scalar");
  return a.empty() ? std::vector<Tensor>() : op.list(a, p);
}

/// The p-norm of all elements of all tensors; undefined when there are none.
inline Tensor total_norm(const TensorList& tensors, Scalar p = 2) {
  const std::vector<Tensor> norms = foreach_norm(tensors, p);
  return norms.empty() ? Tensor() : stack(norms).norm(p);
}
/// Scales all tensors by one factor, in place, so that their total norm is at most `max_norm`;
/// gives what it was. The factor is that of torch.nn.utils.clip_grad_norm_.
inline Tensor clip_norm_(const TensorList& tensors, double max_norm, Scalar p = 2) {
  const Tensor total = total_norm(tensors, p);
  if (total.defined()) foreach_mul_(tensors, (max_norm / (total + 1e-6)).clamp(0.0, 1.0));
  return total;
}

}  // namespace knack::inline v1
