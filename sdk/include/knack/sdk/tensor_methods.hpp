// SPDX-License-Identifier: MIT
// The methods of Tensor with arguments of their own, and operators on lists. Part of tensor.hpp.
#pragma once

#include <knack/sdk/operator.hpp>

namespace knack::inline v1 {

inline Tensor& Tensor::copy_(const Tensor& source) {
  static const Operator op("aten::copy_");
  op.run(*this, source);
  return *this;
}
inline Tensor& Tensor::fill_(Scalar value) {
  static const Operator op("aten::fill_", "Scalar");
  op.run(*this, value);
  return *this;
}
inline Tensor& Tensor::zero_() {
  static const Operator op("aten::zero_");
  op.run(*this);
  return *this;
}
inline Tensor& Tensor::lerp_(const Tensor& end, Scalar weight) {
  static const Operator op("aten::lerp_", "Scalar");
  op.run(*this, end, weight);
  return *this;
}
inline Tensor& Tensor::clamp_(Scalar low, Scalar high) {
  static const Operator op("aten::clamp_");
  op.run(*this, low, high);
  return *this;
}
inline Tensor Tensor::to(Dtype dtype) const {
  static const Operator op("aten::to", "dtype");
  return op(*this, dtype);
}

inline Tensor Tensor::norm() const {
  static const Operator op("aten::norm", "Scalar");
  return op(*this);
}
inline Tensor Tensor::matmul(const Tensor& other) const {
  static const Operator op("aten::matmul");
  return op(*this, other);
}
inline Tensor Tensor::softmax(std::int64_t dim) const {
  static const Operator op("aten::softmax", "int");
  return op(*this, dim);
}
inline Tensor Tensor::log_softmax(std::int64_t dim) const {
  static const Operator op("aten::log_softmax", "int");
  return op(*this, dim);
}

inline Tensor Tensor::sum(Sizes dims, bool keepdim) const {
  static const Operator op("aten::sum", "dim_IntList");
  return op(*this, IntList(dims), keepdim);
}
inline Tensor Tensor::mean(Sizes dims, bool keepdim) const {
  static const Operator op("aten::mean", "dim");
  return op(*this, IntList(dims), keepdim);
}
inline std::array<Tensor, 2> Tensor::var_mean(SizesView dims, double correction) const {
  static const Operator op("aten::var_mean", "correction");
  return op.results<2>(*this, IntList(dims), correction);
}
inline Tensor Tensor::argmax(std::int64_t dim, bool keepdim) const {
  static const Operator op("aten::argmax");
  return op(*this, dim, keepdim);
}
inline std::array<Tensor, 2> Tensor::topk(std::int64_t k, std::int64_t dim) const {
  static const Operator op("aten::topk");
  return op.results<2>(*this, k, dim);
}

inline Tensor Tensor::view(Sizes sizes) const {
  static const Operator op("aten::view");
  return op(*this, IntList(sizes));
}
inline Tensor Tensor::reshape(Sizes sizes) const {
  static const Operator op("aten::reshape");
  return op(*this, IntList(sizes));
}
inline Tensor Tensor::flatten(std::int64_t first_dim, std::int64_t last_dim) const {
  static const Operator op("aten::flatten", "using_ints");
  return op(*this, first_dim, last_dim);
}
inline Tensor Tensor::expand_as(const Tensor& other) const {
  static const Operator op("aten::expand_as");
  return op(*this, other);
}
inline Tensor Tensor::unsqueeze(std::int64_t dim) const {
  static const Operator op("aten::unsqueeze");
  return op(*this, dim);
}
inline Tensor Tensor::transpose(std::int64_t first_dim, std::int64_t second_dim) const {
  static const Operator op("aten::transpose", "int");
  return op(*this, first_dim, second_dim);
}
inline Tensor Tensor::select(std::int64_t dim, std::int64_t index) const {
  static const Operator op("aten::select", "int");
  return op(*this, dim, index);
}
inline Tensor Tensor::narrow(std::int64_t dim, std::int64_t start, std::int64_t length) const {
  static const Operator op("aten::narrow");
  return op(*this, dim, start, length);
}
inline Tensor Tensor::index_select(std::int64_t dim, const Tensor& indices) const {
  static const Operator op("aten::index_select");
  return op(*this, dim, indices);
}
inline Tensor Tensor::gather(std::int64_t dim, const Tensor& indices) const {
  static const Operator op("aten::gather");
  return op(*this, dim, indices);
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
/// a[i] *= factor
inline void foreach_mul_(const TensorList& a, Scalar factor) {
  static const Operator op("aten::_foreach_mul_", "Scalar");
  if (!a.empty()) op.run(a, factor);
}
/// a[i] = 0
inline void foreach_zero_(const TensorList& a) {
  static const Operator op("aten::_foreach_zero_");
  if (!a.empty()) op.run(a);
}

}  // namespace knack::inline v1
