// SPDX-License-Identifier: MIT
// Tensors and what tricks compute with them. Everything else of ATen: operator.hpp.
#pragma once

#include <knack/sdk/operator.hpp>

namespace knack::inline v1 {

inline Tensor Tensor::empty(SizesView sizes, Dtype dtype) {
  knack_tensor_t* handle = nullptr;
  detail::check_host(
      detail::tensor_api().create(static_cast<std::int32_t>(dtype),
                                  static_cast<std::int32_t>(sizes.size()), sizes.data(), &handle),
      "knack.tensor/1 create");
  return take(handle);
}

inline Tensor Tensor::zeros(SizesView sizes, Dtype dtype) {
  Tensor tensor = empty(sizes, dtype);
  const knack_tensor_info_t info = tensor.info();
  const std::size_t width = dtype == Dtype::boolean || dtype == Dtype::uint8 || dtype == Dtype::int8
                                ? 1
                            : dtype == Dtype::int16 || is_reduced_precision(dtype) ? 2
                            : dtype == Dtype::int32 || dtype == Dtype::float32     ? 4
                                                                                   : 8;
  if (info.element_count > 0) {
    std::memset(info.data_borrowed, 0, static_cast<std::size_t>(info.element_count) * width);
  }
  return tensor;
}

template <typename Element>
Tensor Tensor::from_data(std::span<const Element> elements, SizesView sizes) {
  Tensor tensor = empty(sizes, dtype_of<Element>());
  const std::span<Element> target = tensor.data<Element>();
  if (target.size() != elements.size()) {
    throw Error(KNACK_STATUS_INVALID, "from_data: " + std::to_string(elements.size()) +
                                          " elements for a shape of " +
                                          std::to_string(target.size()));
  }
  if (!target.empty()) std::memcpy(target.data(), elements.data(), elements.size_bytes());
  return tensor;
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
inline Tensor Tensor::full_like(const Tensor& other, Scalar value) {
  static const Operator op("aten::full_like");
  return op(other, value);
}

inline knack_tensor_info_t Tensor::info() const {
  if (handle_ == nullptr) throw Error(KNACK_STATUS_INVALID, "the tensor is undefined");
  knack_tensor_info_t info{};
  info.struct_size = sizeof(info);
  detail::check_host(detail::tensor_api().describe(handle_, &info), "knack.tensor/1 describe");
  return info;
}

inline SizesView Tensor::sizes() const {
  const knack_tensor_info_t info = this->info();
  return {info.sizes_borrowed, static_cast<std::size_t>(info.dimensions)};
}

inline std::int64_t Tensor::size(std::int64_t dimension) const {
  const SizesView all = sizes();
  const auto count = static_cast<std::int64_t>(all.size());
  const std::int64_t index = dimension < 0 ? dimension + count : dimension;
  if (index < 0 || index >= count) {
    throw Error(KNACK_STATUS_INVALID, "dimension " + std::to_string(dimension) +
                                          " of a tensor of " + std::to_string(count) +
                                          " dimensions");
  }
  return all[static_cast<std::size_t>(index)];
}

template <typename Element>
std::span<Element> Tensor::data() const {
  const knack_tensor_info_t info = this->info();
  if (info.device_type != KNACK_DEVICE_CPU || (info.flags & KNACK_TENSOR_CONTIGUOUS) == 0 ||
      info.dtype != static_cast<std::int32_t>(dtype_of<Element>())) {
    throw Error(KNACK_STATUS_INVALID,
                "data() needs a row-major CPU tensor of the element type asked for");
  }
  return {static_cast<Element*>(info.data_borrowed), static_cast<std::size_t>(info.element_count)};
}

template <typename Number>
Number Tensor::item() const {
  static const Operator op("aten::item");
  const knack_value_t number = op.number(*this);
  return number.tag == KNACK_VALUE_FLOAT ? static_cast<Number>(number.as.f64)
                                         : static_cast<Number>(number.as.i64);
}

// Each function below is one operator of the same name.
#define KNACK_UNARY(name)                     \
  inline Tensor Tensor::name() const {        \
    static const Operator op("aten::" #name); \
    return op(*this);                         \
  }
#define KNACK_BINARY(name)                                \
  inline Tensor Tensor::name(const Tensor& other) const { \
    static const Operator op("aten::" #name, "Tensor");   \
    return op(*this, other);                              \
  }                                                       \
  inline Tensor Tensor::name(Scalar other) const {        \
    static const Operator op("aten::" #name, "Scalar");   \
    return op(*this, other);                              \
  }
#define KNACK_IN_PLACE(name)                            \
  inline Tensor& Tensor::name(const Tensor& other) {    \
    static const Operator op("aten::" #name, "Tensor"); \
    op.run(*this, other);                               \
    return *this;                                       \
  }                                                     \
  inline Tensor& Tensor::name(Scalar other) {           \
    static const Operator op("aten::" #name, "Scalar"); \
    op.run(*this, other);                               \
    return *this;                                       \
  }
#define KNACK_ARITHMETIC(symbol, name)                              \
  inline Tensor operator symbol(const Tensor& a, const Tensor& b) { \
    static const Operator op("aten::" #name, "Tensor");             \
    return op(a, b);                                                \
  }                                                                 \
  inline Tensor operator symbol(const Tensor& a, Scalar b) {        \
    static const Operator op("aten::" #name, "Scalar");             \
    return op(a, b);                                                \
  }                                                                 \
  inline Tensor& operator symbol##=(Tensor & a, const Tensor & b) { \
    return a.name##_(b);                                            \
  }                                                                 \
  inline Tensor& operator symbol##=(Tensor & a, Scalar b) {         \
    return a.name##_(b);                                            \
  }

KNACK_UNARY(abs)
KNACK_UNARY(exp)
KNACK_UNARY(log)
KNACK_UNARY(sqrt)
KNACK_UNARY(square)
KNACK_UNARY(sigmoid)
KNACK_UNARY(isfinite)
KNACK_UNARY(sum)
KNACK_UNARY(mean)
KNACK_UNARY(max)
KNACK_UNARY(min)
KNACK_UNARY(all)
KNACK_UNARY(any)
KNACK_UNARY(clone)
KNACK_UNARY(detach)
KNACK_UNARY(contiguous)
KNACK_BINARY(eq)
KNACK_BINARY(ne)
KNACK_BINARY(lt)
KNACK_BINARY(gt)
KNACK_IN_PLACE(add_)
KNACK_IN_PLACE(sub_)
KNACK_IN_PLACE(mul_)
KNACK_IN_PLACE(div_)
KNACK_ARITHMETIC(+, add)
KNACK_ARITHMETIC(-, sub)
KNACK_ARITHMETIC(*, mul)
KNACK_ARITHMETIC(/, div)

#undef KNACK_UNARY
#undef KNACK_BINARY
#undef KNACK_IN_PLACE
#undef KNACK_ARITHMETIC

inline Tensor operator-(const Tensor& a) {
  static const Operator op("aten::neg");
  return op(a);
}
inline Tensor operator+(Scalar a, const Tensor& b) {
  return b + a;
}
inline Tensor operator*(Scalar a, const Tensor& b) {
  return b * a;
}
inline Tensor operator-(Scalar a, const Tensor& b) {
  static const Operator op("aten::rsub", "Scalar");
  return op(b, a);
}

}  // namespace knack::inline v1

#include <knack/sdk/tensor_methods.hpp>
