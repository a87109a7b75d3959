// SPDX-License-Identifier: MIT
// Tensors and what tricks compute with them. Everything else of ATen: operator.hpp.
#pragma once

#include <knack/sdk/operator.hpp>

namespace knack::inline v1 {

inline Tensor Tensor::empty(SizesView sizes, Dtype dtype) {
  knack_tensor_t* handle = nullptr;
  detail::call_host("knack.tensor/1 create", detail::tensor_api().create,
                    static_cast<std::int32_t>(dtype), static_cast<std::int32_t>(sizes.size()),
                    sizes.data(), &handle);
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
    fail(KNACK_STATUS_INVALID, "from_data: " + std::to_string(elements.size()) +
                                   " elements for a shape of " + std::to_string(target.size()));
    return {};
  }
  if (!target.empty()) std::memcpy(target.data(), elements.data(), elements.size_bytes());
  return tensor;
}

inline knack_tensor_info_t Tensor::info() const {
  knack_tensor_info_t info{};
  if (handle_ == nullptr) {
    fail(KNACK_STATUS_INVALID, "the tensor is undefined");
    return info;
  }
  info.struct_size = sizeof(info);
  detail::call_host("knack.tensor/1 describe", detail::tensor_api().describe, handle_, &info);
  return info;
}

inline SizesView Tensor::sizes() const {
  const knack_tensor_info_t info = this->info();
  return {info.sizes_borrowed, static_cast<std::size_t>(info.dimensions)};
}

inline SizesView Tensor::strides() const {
  const knack_tensor_info_t info = this->info();
  return {info.strides_borrowed, static_cast<std::size_t>(info.dimensions)};
}

inline std::int64_t Tensor::size(std::int64_t dimension) const {
  const SizesView all = sizes();
  const auto count = static_cast<std::int64_t>(all.size());
  const std::int64_t index = dimension < 0 ? dimension + count : dimension;
  if (index < 0 || index >= count) {
    fail(KNACK_STATUS_INVALID, "dimension " + std::to_string(dimension) + " of a tensor of " +
                                   std::to_string(count) + " dimensions");
    return 0;
  }
  return all[static_cast<std::size_t>(index)];
}

template <typename Element>
std::span<Element> Tensor::data() const {
  const knack_tensor_info_t info = this->info();
  if (info.device_type != KNACK_DEVICE_CPU || (info.flags & KNACK_TENSOR_CONTIGUOUS) == 0 ||
      info.dtype != static_cast<std::int32_t>(dtype_of<Element>())) {
    fail(KNACK_STATUS_INVALID, "data() needs a row-major CPU tensor of the element type asked for");
    return {};
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

}  // namespace knack::inline v1

#include <knack/sdk/tensor_factories.hpp>
#include <knack/sdk/tensor_lists.hpp>
#include <knack/sdk/tensor_methods.hpp>
#include <knack/sdk/tensor_operators.hpp>
