// SPDX-License-Identifier: MIT
// Strided tensors in plain memory. Part of fake_host.hpp.
#pragma once

#include <knack/abi/value.h>
#include <knack/sdk/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

namespace knack::testing {

inline std::size_t element_size(std::int32_t dtype) {
  switch (dtype) {
    case KNACK_DTYPE_UINT8:
    case KNACK_DTYPE_INT8:
    case KNACK_DTYPE_BOOL:
      return 1;
    case KNACK_DTYPE_INT16:
    case KNACK_DTYPE_FLOAT16:
    case KNACK_DTYPE_BFLOAT16:
      return 2;
    case KNACK_DTYPE_INT32:
    case KNACK_DTYPE_FLOAT32:
      return 4;
    case KNACK_DTYPE_INT64:
    case KNACK_DTYPE_FLOAT64:
      return 8;
    default:
      throw Error(KNACK_STATUS_INVALID, "dtype: expected a KNACK_DTYPE_*, found another number");
  }
}

/// Calls `function` with a value-initialized element of the type. Throws for types of half
/// precision, with which the fake host does not calculate.
template <typename Function>
decltype(auto) with_element_type(std::int32_t dtype, Function&& function) {
  switch (dtype) {
    case KNACK_DTYPE_UINT8:
      return function(std::uint8_t{});
    case KNACK_DTYPE_INT8:
      return function(std::int8_t{});
    case KNACK_DTYPE_INT16:
      return function(std::int16_t{});
    case KNACK_DTYPE_INT32:
      return function(std::int32_t{});
    case KNACK_DTYPE_INT64:
      return function(std::int64_t{});
    case KNACK_DTYPE_FLOAT32:
      return function(float{});
    case KNACK_DTYPE_FLOAT64:
      return function(double{});
    case KNACK_DTYPE_BOOL:
      return function(bool{});
    default:
      throw Error(KNACK_STATUS_UNSUPPORTED, "the fake host does not calculate in half precision");
  }
}

/// Elements in memory that views share.
struct FakeTensor {
  using Storage = std::vector<std::uint64_t>;  // a type without padding, which nobody sets to zero

  std::int32_t dtype = KNACK_DTYPE_FLOAT32;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;  ///< in elements
  std::int64_t offset = 0;            ///< of the first element
  std::shared_ptr<Storage> storage;
  bool requires_grad = false;

  FakeTensor() : FakeTensor(KNACK_DTYPE_FLOAT32, {0}) {}
  /// Row-major, of zeros.
  FakeTensor(std::int32_t type, std::vector<std::int64_t> shape)
      : dtype(type), sizes(std::move(shape)), strides(row_major(sizes)) {
    const std::size_t bytes = static_cast<std::size_t>(numel()) * element_size(dtype);
    storage = std::make_shared<Storage>(bytes / sizeof(std::uint64_t) + 1);
  }

  static std::vector<std::int64_t> row_major(const std::vector<std::int64_t>& sizes) {
    std::vector<std::int64_t> strides(sizes.size(), 1);
    for (std::size_t i = sizes.size(); i-- > 1;) {
      strides[i - 1] = strides[i] * std::max<std::int64_t>(sizes[i], 1);
    }
    return strides;
  }

  [[nodiscard]] std::int64_t dim() const {
    return static_cast<std::int64_t>(sizes.size());
  }
  [[nodiscard]] std::int64_t numel() const {
    std::int64_t count = 1;
    for (const std::int64_t size : sizes) count *= size;
    return count;
  }
  [[nodiscard]] bool is_contiguous() const {
    std::int64_t expected = 1;
    for (std::size_t i = sizes.size(); i-- > 0;) {
      if (sizes[i] != 1 && strides[i] != expected) return numel() == 0;
      expected *= sizes[i];
    }
    return true;
  }
  [[nodiscard]] bool is_floating() const {
    return dtype == KNACK_DTYPE_FLOAT32 || dtype == KNACK_DTYPE_FLOAT64 ||
           dtype == KNACK_DTYPE_FLOAT16 || dtype == KNACK_DTYPE_BFLOAT16;
  }
  [[nodiscard]] void* data() const {
    return reinterpret_cast<char*>(storage->data()) +
           static_cast<std::size_t>(offset) * element_size(dtype);
  }

  /// Element `index` in row-major order, whatever the strides.
  template <typename Number = double>
  [[nodiscard]] Number get(std::int64_t index) const {
    return with_element_type(dtype, [&](auto element) {
      return static_cast<Number>(static_cast<const decltype(element)*>(data())[place_of(index)]);
    });
  }
  template <typename Number>
  void set(std::int64_t index, Number value) const {
    with_element_type(dtype, [&](auto element) {
      static_cast<decltype(element)*>(data())[place_of(index)] =
          static_cast<decltype(element)>(value);
    });
  }

  /// A row-major tensor of its own with the same elements; any element type.
  [[nodiscard]] FakeTensor clone() const {
    FakeTensor copy(dtype, sizes);
    const std::size_t width = element_size(dtype);
    for (std::int64_t i = 0; i < numel(); ++i) {
      std::memcpy(static_cast<char*>(copy.data()) + static_cast<std::size_t>(i) * width,
                  static_cast<char*>(data()) + place_of(i) * static_cast<std::int64_t>(width),
                  width);
    }
    return copy;
  }

  /// Where element `index` in row-major order lies, from the first one, in elements.
  [[nodiscard]] std::int64_t place_of(std::int64_t index) const {
    std::int64_t place = 0;
    for (std::size_t i = sizes.size(); i-- > 0;) {
      place += index % sizes[i] * strides[i];
      index /= sizes[i];
    }
    return place;
  }
};

}  // namespace knack::testing
