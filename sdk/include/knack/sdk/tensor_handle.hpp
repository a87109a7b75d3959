// SPDX-License-Identifier: MIT
// The class Tensor; what its operations do is in tensor.hpp, which is the header to include.
#pragma once

#include <knack/abi/value.h>
#include <knack/sdk/gateway.hpp>

#include <array>
#include <concepts>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>

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

/// One counted reference to a tensor of the host, or none ("undefined"). Copies refer to the same
/// elements. Operations that end in `_` work in place. All throw Error with LibTorch's message.
class Tensor {
 public:
  Tensor() = default;
  Tensor(const Tensor& other) : Tensor(retain(other.handle_)) {}
  Tensor(Tensor&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Tensor& operator=(Tensor other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Tensor() {
    if (handle_ != nullptr) detail::gateway.tensor->release(handle_);
  }

  /// Takes over a reference; adds one to a borrowed handle. NULL gives an undefined tensor.
  static Tensor take(knack_tensor_t* owned) {
    Tensor tensor;
    tensor.handle_ = owned;
    return tensor;
  }
  static Tensor retain(knack_tensor_t* borrowed) {
    knack_tensor_t* owned = nullptr;
    if (borrowed != nullptr) {
      detail::check_host(detail::tensor_api().retain(borrowed, &owned), "knack.tensor/1 retain");
    }
    return take(owned);
  }

  /// The handle, still owned by this; or given away.
  [[nodiscard]] knack_tensor_t* handle() const noexcept {
    return handle_;
  }
  [[nodiscard]] knack_tensor_t* release() noexcept {
    return std::exchange(handle_, nullptr);
  }

  /// New row-major tensors on the CPU; the elements of `empty` are not initialized.
  static Tensor empty(SizesView sizes, Dtype dtype);
  static Tensor empty(Sizes sizes, Dtype dtype) {
    return empty(view_of(sizes), dtype);
  }
  static Tensor zeros(SizesView sizes, Dtype dtype = Dtype::float32);
  static Tensor zeros(Sizes sizes, Dtype dtype = Dtype::float32) {
    return zeros(view_of(sizes), dtype);
  }
  template <typename Element>
  static Tensor from_data(std::span<const Element> elements, SizesView sizes);
  /// On the device of `other`, of its shape, and of its element type unless told otherwise.
  static Tensor empty_like(const Tensor& other);
  static Tensor zeros_like(const Tensor& other);
  static Tensor zeros_like(const Tensor& other, Dtype dtype);
  static Tensor full_like(const Tensor& other, Scalar value);

  [[nodiscard]] bool defined() const noexcept {
    return handle_ != nullptr;
  }
  [[nodiscard]] knack_tensor_info_t info() const;
  [[nodiscard]] Dtype dtype() const {
    return static_cast<Dtype>(info().dtype);
  }
  [[nodiscard]] std::int64_t dim() const {
    return info().dimensions;
  }
  [[nodiscard]] std::int64_t numel() const {
    return info().element_count;
  }
  /// Valid while the tensor is alive and not resized.
  [[nodiscard]] SizesView sizes() const;
  /// `dimension` may count from the end: -1 is the last.
  [[nodiscard]] std::int64_t size(std::int64_t dimension) const;
  /// The elements in memory. Throws unless the tensor is on the CPU, row-major and of this type.
  template <typename Element>
  [[nodiscard]] std::span<Element> data() const;
  /// The only element, converted. Waits for the device.
  template <typename Number = double>
  [[nodiscard]] Number item() const;

  Tensor& copy_(const Tensor& source);
  Tensor& fill_(Scalar value);
  Tensor& zero_();
  Tensor& add_(const Tensor& other);
  Tensor& sub_(const Tensor& other);
  Tensor& mul_(const Tensor& other);
  Tensor& div_(const Tensor& other);
  Tensor& add_(Scalar other);
  Tensor& sub_(Scalar other);
  Tensor& mul_(Scalar other);
  Tensor& div_(Scalar other);
  /// this + weight * (end - this)
  Tensor& lerp_(const Tensor& end, Scalar weight);
  Tensor& clamp_(Scalar low, Scalar high);

  [[nodiscard]] Tensor clone() const;
  [[nodiscard]] Tensor detach() const;
  [[nodiscard]] Tensor contiguous() const;
  [[nodiscard]] Tensor to(Dtype dtype) const;

  [[nodiscard]] Tensor abs() const;
  [[nodiscard]] Tensor exp() const;
  [[nodiscard]] Tensor log() const;
  [[nodiscard]] Tensor sqrt() const;
  [[nodiscard]] Tensor square() const;
  [[nodiscard]] Tensor sigmoid() const;
  [[nodiscard]] Tensor isfinite() const;
  [[nodiscard]] Tensor matmul(const Tensor& other) const;
  [[nodiscard]] Tensor softmax(std::int64_t dim) const;
  [[nodiscard]] Tensor log_softmax(std::int64_t dim) const;

  [[nodiscard]] Tensor sum() const;
  [[nodiscard]] Tensor mean() const;
  [[nodiscard]] Tensor max() const;
  [[nodiscard]] Tensor min() const;
  [[nodiscard]] Tensor all() const;
  [[nodiscard]] Tensor any() const;
  /// The Euclidean length of all elements.
  [[nodiscard]] Tensor norm() const;
  [[nodiscard]] Tensor sum(Sizes dims, bool keepdim = false) const;
  [[nodiscard]] Tensor mean(Sizes dims, bool keepdim = false) const;
  /// Variance and mean over `dims`; the variance is divided by n - correction.
  [[nodiscard]] std::array<Tensor, 2> var_mean(SizesView dims, double correction) const;
  [[nodiscard]] Tensor argmax(std::int64_t dim, bool keepdim = false) const;
  /// The k largest values along `dim` in falling order, and their int64 indices.
  [[nodiscard]] std::array<Tensor, 2> topk(std::int64_t k, std::int64_t dim = -1) const;

  [[nodiscard]] Tensor eq(const Tensor& other) const;
  [[nodiscard]] Tensor ne(const Tensor& other) const;
  [[nodiscard]] Tensor lt(const Tensor& other) const;
  [[nodiscard]] Tensor gt(const Tensor& other) const;
  [[nodiscard]] Tensor eq(Scalar other) const;
  [[nodiscard]] Tensor ne(Scalar other) const;
  [[nodiscard]] Tensor lt(Scalar other) const;
  [[nodiscard]] Tensor gt(Scalar other) const;

  [[nodiscard]] Tensor view(Sizes sizes) const;
  [[nodiscard]] Tensor reshape(Sizes sizes) const;
  [[nodiscard]] Tensor flatten(std::int64_t first_dim, std::int64_t last_dim = -1) const;
  [[nodiscard]] Tensor expand_as(const Tensor& other) const;
  [[nodiscard]] Tensor unsqueeze(std::int64_t dim) const;
  [[nodiscard]] Tensor transpose(std::int64_t first_dim, std::int64_t second_dim) const;
  [[nodiscard]] Tensor select(std::int64_t dim, std::int64_t index) const;
  [[nodiscard]] Tensor narrow(std::int64_t dim, std::int64_t start, std::int64_t length) const;
  [[nodiscard]] Tensor index_select(std::int64_t dim, const Tensor& indices) const;
  [[nodiscard]] Tensor gather(std::int64_t dim, const Tensor& indices) const;

 private:
  knack_tensor_t* handle_ = nullptr;
};

}  // namespace knack::inline v1
