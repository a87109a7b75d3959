// SPDX-License-Identifier: MIT
// Element types, shapes, numbers and devices of tensors. Part of tensor.hpp.
#pragma once

#include <knack/abi/ext/tensor.h>
#include <knack/sdk/error.hpp>

#include <concepts>
#include <initializer_list>
#include <span>
#include <string>

namespace knack::inline v1 {

/// Element types; the numbers are those of c10::ScalarType.
enum class Dtype : std::int32_t {
  uint8 = KNACK_DTYPE_UINT8,
  int8 = KNACK_DTYPE_INT8,
  int16 = KNACK_DTYPE_INT16,
  int32 = KNACK_DTYPE_INT32,
  int64 = KNACK_DTYPE_INT64,
  float16 = KNACK_DTYPE_FLOAT16,
  float32 = KNACK_DTYPE_FLOAT32,
  float64 = KNACK_DTYPE_FLOAT64,
  boolean = KNACK_DTYPE_BOOL,
  bfloat16 = KNACK_DTYPE_BFLOAT16,
};

/// True for types of less precision than float32.
constexpr bool is_reduced_precision(Dtype dtype) {
  return dtype == Dtype::float16 || dtype == Dtype::bfloat16;
}

constexpr bool is_floating(Dtype dtype) {
  return is_reduced_precision(dtype) || dtype == Dtype::float32 || dtype == Dtype::float64;
}

template <typename Element>
constexpr Dtype dtype_of() {
  if constexpr (std::is_same_v<Element, std::uint8_t>) return Dtype::uint8;
  if constexpr (std::is_same_v<Element, std::int8_t>) return Dtype::int8;
  if constexpr (std::is_same_v<Element, std::int16_t>) return Dtype::int16;
  if constexpr (std::is_same_v<Element, std::int32_t>) return Dtype::int32;
  if constexpr (std::is_same_v<Element, std::int64_t>) return Dtype::int64;
  if constexpr (std::is_same_v<Element, float>) return Dtype::float32;
  if constexpr (std::is_same_v<Element, double>) return Dtype::float64;
  if constexpr (std::is_same_v<Element, bool>) return Dtype::boolean;
}

/// Shapes and lists of dimensions: `tensor.sum({0, 2})`, or from any contiguous range of int64.
using Sizes = std::initializer_list<std::int64_t>;
using SizesView = std::span<const std::int64_t>;

inline SizesView view_of(Sizes sizes) {
  return {sizes.begin(), sizes.size()};
}

/// A number of unknown type, as operators take it: keeps integers integers.
class Scalar {
 public:
  template <std::floating_point Number>
  Scalar(Number number) : value_{KNACK_VALUE_FLOAT, 0, 0, {.f64 = number}} {}
  template <std::integral Number>
  Scalar(Number number)
      : value_{std::same_as<Number, bool> ? std::uint32_t{KNACK_VALUE_BOOL}
                                          : std::uint32_t{KNACK_VALUE_INT},
               0,
               0,
               {.i64 = static_cast<std::int64_t>(number)}} {}

  [[nodiscard]] const knack_value_t& abi() const {
    return value_;
  }

 private:
  knack_value_t value_;
};

/// Where the elements lie.
class Device {
 public:
  /// "cpu", "cuda" (the current one) or "cuda:1".
  Device(std::string name) : name_(std::move(name)) {}
  Device(const char* name) : name_(name) {}

  /// The device of a tensor. Fails for devices but these two kinds.
  static Device of(const knack_tensor_info_t& info) {
    if (info.device_type == KNACK_DEVICE_CPU) return "cpu";
    if (info.device_type != KNACK_DEVICE_CUDA) {
      fail(KNACK_STATUS_UNSUPPORTED,
           "expected a device of type cpu or cuda, found type " + std::to_string(info.device_type));
    }
    return "cuda:" + std::to_string(info.device_index);
  }

  [[nodiscard]] const std::string& name() const {
    return name_;
  }
  [[nodiscard]] bool is_cpu() const {
    return name_ == "cpu";
  }
  [[nodiscard]] bool is_cuda() const {
    return name_.starts_with("cuda");
  }
  bool operator==(const Device&) const = default;

 private:
  std::string name_;
};

}  // namespace knack::inline v1
