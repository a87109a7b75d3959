// SPDX-License-Identifier: MIT
// The methods of Tensor with arguments of their own. Part of tensor.hpp.
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
inline Tensor Tensor::to(const Device& device) const {
  return to(device, dtype());
}
inline Tensor Tensor::to(const Device& device, Dtype dtype) const {
  static const Operator op("aten::to", "device");
  return op(*this, device, dtype);
}
inline Tensor Tensor::to(Dtype dtype) const {
  static const Operator op("aten::to", "dtype");
  return op(*this, dtype);
}

inline Tensor& Tensor::add_(const Tensor& other, Scalar alpha) {
  static const Operator op("aten::add_", "Tensor");
  op.run(*this, other, alpha);
  return *this;
}
inline Tensor& Tensor::addcmul_(const Tensor& a, const Tensor& b, Scalar factor) {
  static const Operator op("aten::addcmul_");
  op.run(*this, a, b, factor);
  return *this;
}
inline Tensor& Tensor::addcdiv_(const Tensor& a, const Tensor& b, Scalar factor) {
  static const Operator op("aten::addcdiv_");
  op.run(*this, a, b, factor);
  return *this;
}
inline Tensor& Tensor::masked_fill_(const Tensor& mask, Scalar value) {
  static const Operator op("aten::masked_fill_", "Scalar");
  op.run(*this, mask, value);
  return *this;
}
inline Tensor& Tensor::scatter_(std::int64_t dim, const Tensor& indices, const Tensor& source) {
  static const Operator op("aten::scatter_", "src");
  op.run(*this, dim, indices, source);
  return *this;
}
inline Tensor& Tensor::index_add_(std::int64_t dim, const Tensor& indices, const Tensor& source) {
  static const Operator op("aten::index_add_");
  op.run(*this, dim, indices, source);
  return *this;
}
inline Tensor& Tensor::requires_grad_(bool required) {
  static const Operator op("aten::requires_grad_");
  op.run(*this, required);
  return *this;
}

inline Tensor Tensor::pow(Scalar exponent) const {
  static const Operator op("aten::pow", "Tensor_Scalar");
  return op(*this, exponent);
}
inline Tensor Tensor::clamp(Scalar low, Scalar high) const {
  static const Operator op("aten::clamp");
  return op(*this, low, high);
}
inline Tensor Tensor::lerp(const Tensor& end, Scalar weight) const {
  static const Operator op("aten::lerp", "Scalar");
  return op(*this, end, weight);
}
inline Tensor Tensor::norm(Scalar p) const {
  static const Operator op("aten::norm", "Scalar");
  return op(*this, p);
}
inline Tensor Tensor::norm(Scalar p, Sizes dims, bool keepdim) const {
  static const Operator op("aten::norm", "ScalarOpt_dim");
  return op(*this, p, IntList(dims), keepdim);
}
inline Tensor Tensor::softmax(std::int64_t dim) const {
  static const Operator op("aten::softmax", "int");
  return op(*this, dim);
}
inline Tensor Tensor::log_softmax(std::int64_t dim) const {
  static const Operator op("aten::log_softmax", "int");
  return op(*this, dim);
}

inline std::array<Tensor, 2> Tensor::var_mean(SizesView dims, double correction) const {
  static const Operator op("aten::var_mean", "correction");
  return op.results<2>(*this, IntList(dims), correction);
}
inline Tensor Tensor::argmax(std::int64_t dim, bool keepdim) const {
  static const Operator op("aten::argmax");
  return op(*this, dim, keepdim);
}
inline Tensor Tensor::argmin(std::int64_t dim, bool keepdim) const {
  static const Operator op("aten::argmin");
  return op(*this, dim, keepdim);
}
inline Tensor Tensor::cumsum(std::int64_t dim) const {
  static const Operator op("aten::cumsum");
  return op(*this, dim);
}
inline std::array<Tensor, 2> Tensor::sort(std::int64_t dim, bool descending) const {
  static const Operator op("aten::sort");
  return op.results<2>(*this, dim, descending);
}
inline std::array<Tensor, 2> Tensor::topk(std::int64_t k, std::int64_t dim) const {
  static const Operator op("aten::topk");
  return op.results<2>(*this, k, dim);
}

inline Tensor Tensor::flatten(std::int64_t first_dim, std::int64_t last_dim) const {
  static const Operator op("aten::flatten", "using_ints");
  return op(*this, first_dim, last_dim);
}
inline Tensor Tensor::squeeze(std::int64_t dim) const {
  static const Operator op("aten::squeeze", "dim");
  return op(*this, dim);
}
inline Tensor Tensor::unsqueeze(std::int64_t dim) const {
  static const Operator op("aten::unsqueeze");
  return op(*this, dim);
}
inline Tensor Tensor::transpose(std::int64_t first_dim, std::int64_t second_dim) const {
  static const Operator op("aten::transpose", "int");
  return op(*this, first_dim, second_dim);
}
inline Tensor Tensor::roll(Sizes shifts, Sizes dims) const {
  static const Operator op("aten::roll");
  return op(*this, IntList(shifts), IntList(dims));
}
inline Tensor Tensor::operator[](std::int64_t index) const {
  return select(0, index);
}
inline Tensor Tensor::select(std::int64_t dim, std::int64_t index) const {
  static const Operator op("aten::select", "int");
  return op(*this, dim, index);
}
inline Tensor Tensor::narrow(std::int64_t dim, std::int64_t start, std::int64_t length) const {
  static const Operator op("aten::narrow");
  return op(*this, dim, start, length);
}
inline Tensor Tensor::slice(std::int64_t dim, std::int64_t start, std::int64_t end,
                            std::int64_t step) const {
  static const Operator op("aten::slice", "Tensor");
  return op(*this, dim, start, end, step);
}
inline Tensor Tensor::masked_fill(const Tensor& mask, Scalar value) const {
  static const Operator op("aten::masked_fill", "Scalar");
  return op(*this, mask, value);
}
inline std::vector<Tensor> Tensor::chunk(std::int64_t count, std::int64_t dim) const {
  static const Operator op("aten::chunk");
  return op.list(*this, count, dim);
}
inline std::vector<Tensor> Tensor::split(std::int64_t size, std::int64_t dim) const {
  static const Operator op("aten::split", "Tensor");
  return op.list(*this, size, dim);
}
inline std::vector<Tensor> Tensor::unbind(std::int64_t dim) const {
  static const Operator op("aten::unbind", "int");
  return op.list(*this, dim);
}
inline Tensor Tensor::index_select(std::int64_t dim, const Tensor& indices) const {
  static const Operator op("aten::index_select");
  return op(*this, dim, indices);
}
inline Tensor Tensor::gather(std::int64_t dim, const Tensor& indices) const {
  static const Operator op("aten::gather");
  return op(*this, dim, indices);
}

}  // namespace knack::inline v1
