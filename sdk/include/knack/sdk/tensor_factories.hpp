// SPDX-License-Identifier: MIT
// Tensors with given or random elements. Part of tensor.hpp.
#pragma once

#include <knack/sdk/operator.hpp>

namespace knack::inline v1 {

inline Tensor Tensor::zeros(Sizes sizes, Dtype dtype, const Device& device) {
  static const Operator op("aten::zeros");
  return op(IntList(sizes), dtype, std::nullopt, device);
}
inline Tensor Tensor::ones(Sizes sizes, Dtype dtype, const Device& device) {
  static const Operator op("aten::ones");
  return op(IntList(sizes), dtype, std::nullopt, device);
}
inline Tensor Tensor::full(Sizes sizes, Scalar value, Dtype dtype, const Device& device) {
  static const Operator op("aten::full");
  return op(IntList(sizes), value, dtype, std::nullopt, device);
}
inline Tensor Tensor::arange(Scalar start, Scalar end, Scalar step, Dtype dtype,
                             const Device& device) {
  static const Operator op("aten::arange", "start_step");
  return op(start, end, step, dtype, std::nullopt, device);
}

inline Tensor Tensor::empty_like(const Tensor& other) {
  static const Operator op("aten::empty_like");
  return op(other);
}
inline Tensor Tensor::zeros_like(const Tensor& other) {
  static const Operator op("aten::zeros_like");
  return op(other);
}
inline Tensor Tensor::zeros_like(const Tensor& other, Dtype dtype) {
  static const Operator op("aten::zeros_like");
  return op(other, dtype);
}
inline Tensor Tensor::ones_like(const Tensor& other) {
  static const Operator op("aten::ones_like");
  return op(other);
}
inline Tensor Tensor::full_like(const Tensor& other, Scalar value) {
  static const Operator op("aten::full_like");
  return op(other, value);
}

// None as the generator is the calling instance's own stream.
inline Tensor Tensor::rand(Sizes sizes, Dtype dtype, const Device& device) {
  static const Operator op("aten::rand", "generator");
  return op(IntList(sizes), std::nullopt, dtype, std::nullopt, device);
}
inline Tensor Tensor::randn(Sizes sizes, Dtype dtype, const Device& device) {
  static const Operator op("aten::randn", "generator");
  return op(IntList(sizes), std::nullopt, dtype, std::nullopt, device);
}
inline Tensor Tensor::randint(std::int64_t low, std::int64_t high, Sizes sizes,
                              const Device& device) {
  static const Operator op("aten::randint", "low_generator");
  return op(low, high, IntList(sizes), std::nullopt, Dtype::int64, std::nullopt, device);
}
inline Tensor Tensor::randperm(std::int64_t count, const Device& device) {
  static const Operator op("aten::randperm", "generator");
  return op(count, std::nullopt, Dtype::int64, std::nullopt, device);
}
inline Tensor& Tensor::uniform_(double low, double high) {
  static const Operator op("aten::uniform_");
  op.run(*this, low, high);
  return *this;
}
inline Tensor& Tensor::normal_(double mean, double deviation) {
  static const Operator op("aten::normal_");
  op.run(*this, mean, deviation);
  return *this;
}
inline Tensor& Tensor::bernoulli_(double probability) {
  static const Operator op("aten::bernoulli_", "float");
  op.run(*this, probability);
  return *this;
}

}  // namespace knack::inline v1
