// SPDX-License-Identifier: MIT
// The class Tensor; what its operations do is in tensor.hpp, which is the header to include.
#pragma once

#include <knack/abi/value.h>
#include <knack/sdk/gateway.hpp>
#include <knack/sdk/tensor_types.hpp>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace knack::inline v1 {

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
      detail::call_host("knack.tensor/1 retain", detail::tensor_api().retain, borrowed, &owned);
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

  /// New row-major tensors; the elements of `empty` are not initialized.
  static Tensor empty(SizesView sizes, Dtype dtype);
  static Tensor empty(Sizes sizes, Dtype dtype) {
    return empty(view_of(sizes), dtype);
  }
  static Tensor zeros(SizesView sizes, Dtype dtype = Dtype::float32);
  static Tensor zeros(Sizes sizes, Dtype dtype = Dtype::float32) {
    return zeros(view_of(sizes), dtype);
  }
  static Tensor zeros(Sizes sizes, Dtype dtype, const Device& device);
  static Tensor ones(Sizes sizes, Dtype dtype = Dtype::float32, const Device& device = "cpu");
  static Tensor full(Sizes sizes, Scalar value, Dtype dtype = Dtype::float32,
                     const Device& device = "cpu");
  /// start, start + step, ... up to `end`, which is not among them.
  static Tensor arange(Scalar start, Scalar end, Scalar step = 1, Dtype dtype = Dtype::int64,
                       const Device& device = "cpu");
  template <typename Element>
  static Tensor from_data(std::span<const Element> elements, SizesView sizes);
  template <typename Element>
  static Tensor from_data(std::initializer_list<Element> elements, Sizes sizes) {
    return from_data(std::span<const Element>(elements.begin(), elements.size()), view_of(sizes));
  }
  /// On the device of `other`, of its shape, and of its element type unless told otherwise.
  static Tensor empty_like(const Tensor& other);
  static Tensor zeros_like(const Tensor& other);
  static Tensor zeros_like(const Tensor& other, Dtype dtype);
  static Tensor ones_like(const Tensor& other);
  static Tensor full_like(const Tensor& other, Scalar value);

  /// Random numbers of the calling instance's own stream: uniform in [0, 1), of the standard normal
  /// distribution, integers of [low, high), and 0 .. count - 1 in random order.
  static Tensor rand(Sizes sizes, Dtype dtype = Dtype::float32, const Device& device = "cpu");
  static Tensor randn(Sizes sizes, Dtype dtype = Dtype::float32, const Device& device = "cpu");
  static Tensor randint(std::int64_t low, std::int64_t high, Sizes sizes,
                        const Device& device = "cpu");
  static Tensor randperm(std::int64_t count, const Device& device = "cpu");

  [[nodiscard]] bool defined() const noexcept {
    return handle_ != nullptr;
  }
  [[nodiscard]] knack_tensor_info_t info() const;
  [[nodiscard]] Dtype dtype() const {
    return static_cast<Dtype>(info().dtype);
  }
  [[nodiscard]] Device device() const {
    return Device::of(info());
  }
  [[nodiscard]] std::int64_t dim() const {
    return info().dimensions;
  }
  [[nodiscard]] std::int64_t numel() const {
    return info().element_count;
  }
  [[nodiscard]] bool requires_grad() const {
    return (info().flags & KNACK_TENSOR_REQUIRES_GRAD) != 0;
  }
  [[nodiscard]] bool is_contiguous() const {
    return (info().flags & KNACK_TENSOR_CONTIGUOUS) != 0;
  }
  [[nodiscard]] bool is_floating_point() const {
    return is_floating(dtype());
  }
  /// Valid while the tensor is alive and not resized; strides count elements.
  [[nodiscard]] SizesView sizes() const;
  [[nodiscard]] SizesView strides() const;
  /// `dimension` may count from the end: -1 is the last.
  [[nodiscard]] std::int64_t size(std::int64_t dimension) const;
  /// The elements in memory. Fails unless the tensor is on the CPU, row-major and of this type.
  template <typename Element>
  [[nodiscard]] std::span<Element> data() const;
  /// The only element, converted. Waits for the device.
  template <typename Number = double>
  [[nodiscard]] Number item() const;

  Tensor& copy_(const Tensor& source);
  Tensor& fill_(Scalar value);
  Tensor& zero_();
  Tensor& add_(const Tensor& other, Scalar alpha);  ///< += alpha * other
  Tensor& add_(const Tensor& other);
  Tensor& sub_(const Tensor& other);
  Tensor& mul_(const Tensor& other);
  Tensor& div_(const Tensor& other);
  Tensor& add_(Scalar other);
  Tensor& sub_(Scalar other);
  Tensor& mul_(Scalar other);
  Tensor& div_(Scalar other);
  Tensor& lerp_(const Tensor& end, Scalar weight);  ///< += weight * (end - this)
  Tensor& addcmul_(const Tensor& a, const Tensor& b, Scalar factor = 1);  ///< += factor * a * b
  Tensor& addcdiv_(const Tensor& a, const Tensor& b, Scalar factor = 1);  ///< += factor * a / b
  Tensor& clamp_(Scalar low, Scalar high);
  Tensor& masked_fill_(const Tensor& mask, Scalar value);
  Tensor& scatter_(std::int64_t dim, const Tensor& indices, const Tensor& source);
  Tensor& index_add_(std::int64_t dim, const Tensor& indices, const Tensor& source);
  /// Random numbers of the calling instance's own stream.
  Tensor& uniform_(double low = 0, double high = 1);
  Tensor& normal_(double mean = 0, double deviation = 1);
  Tensor& bernoulli_(double probability = 0.5);
  Tensor& requires_grad_(bool required = true);

  [[nodiscard]] Tensor clone() const;
  [[nodiscard]] Tensor detach() const;
  [[nodiscard]] Tensor contiguous() const;
  [[nodiscard]] Tensor to(Dtype dtype) const;
  [[nodiscard]] Tensor to(const Device& device) const;
  [[nodiscard]] Tensor to(const Device& device, Dtype dtype) const;

  [[nodiscard]] Tensor abs() const;
  [[nodiscard]] Tensor sign() const;
  [[nodiscard]] Tensor round() const;
  [[nodiscard]] Tensor floor() const;
  [[nodiscard]] Tensor exp() const;
  [[nodiscard]] Tensor log() const;
  [[nodiscard]] Tensor sqrt() const;
  [[nodiscard]] Tensor rsqrt() const;
  [[nodiscard]] Tensor square() const;
  [[nodiscard]] Tensor reciprocal() const;
  [[nodiscard]] Tensor sigmoid() const;
  [[nodiscard]] Tensor tanh() const;
  [[nodiscard]] Tensor relu() const;
  [[nodiscard]] Tensor isfinite() const;
  [[nodiscard]] Tensor logical_not() const;
  [[nodiscard]] Tensor pow(Scalar exponent) const;
  [[nodiscard]] Tensor clamp(Scalar low, Scalar high) const;
  [[nodiscard]] Tensor lerp(const Tensor& end, Scalar weight) const;
  [[nodiscard]] Tensor matmul(const Tensor& other) const;
  [[nodiscard]] Tensor softmax(std::int64_t dim) const;
  [[nodiscard]] Tensor log_softmax(std::int64_t dim) const;

  [[nodiscard]] Tensor sum() const;
  [[nodiscard]] Tensor mean() const;
  [[nodiscard]] Tensor max() const;
  [[nodiscard]] Tensor min() const;
  [[nodiscard]] Tensor all() const;
  [[nodiscard]] Tensor any() const;
  [[nodiscard]] Tensor sum(Sizes dims, bool keepdim = false) const;
  [[nodiscard]] Tensor mean(Sizes dims, bool keepdim = false) const;
  [[nodiscard]] Tensor amax(Sizes dims, bool keepdim = false) const;
  [[nodiscard]] Tensor amin(Sizes dims, bool keepdim = false) const;
  /// The p-norm of all elements, or over `dims`.
  [[nodiscard]] Tensor norm(Scalar p = 2) const;
  [[nodiscard]] Tensor norm(Scalar p, Sizes dims, bool keepdim = false) const;
  /// Variance and mean over `dims`; the variance is divided by n - correction.
  [[nodiscard]] std::array<Tensor, 2> var_mean(SizesView dims, double correction) const;
  [[nodiscard]] Tensor cumsum(std::int64_t dim) const;
  [[nodiscard]] Tensor argmax(std::int64_t dim, bool keepdim = false) const;
  [[nodiscard]] Tensor argmin(std::int64_t dim, bool keepdim = false) const;
  /// The values along `dim` in order, and their int64 indices; topk gives the k largest.
  [[nodiscard]] std::array<Tensor, 2> sort(std::int64_t dim = -1, bool descending = false) const;
  [[nodiscard]] std::array<Tensor, 2> topk(std::int64_t k, std::int64_t dim = -1) const;

  [[nodiscard]] Tensor eq(const Tensor& other) const;
  [[nodiscard]] Tensor ne(const Tensor& other) const;
  [[nodiscard]] Tensor lt(const Tensor& other) const;
  [[nodiscard]] Tensor le(const Tensor& other) const;
  [[nodiscard]] Tensor gt(const Tensor& other) const;
  [[nodiscard]] Tensor ge(const Tensor& other) const;
  [[nodiscard]] Tensor eq(Scalar other) const;
  [[nodiscard]] Tensor ne(Scalar other) const;
  [[nodiscard]] Tensor lt(Scalar other) const;
  [[nodiscard]] Tensor le(Scalar other) const;
  [[nodiscard]] Tensor gt(Scalar other) const;
  [[nodiscard]] Tensor ge(Scalar other) const;
  [[nodiscard]] Tensor minimum(const Tensor& other) const;
  [[nodiscard]] Tensor maximum(const Tensor& other) const;
  [[nodiscard]] Tensor logical_and(const Tensor& other) const;
  [[nodiscard]] Tensor logical_or(const Tensor& other) const;

  [[nodiscard]] Tensor view(Sizes sizes) const;
  [[nodiscard]] Tensor reshape(Sizes sizes) const;
  [[nodiscard]] Tensor permute(Sizes dims) const;
  [[nodiscard]] Tensor expand(Sizes sizes) const;
  [[nodiscard]] Tensor flatten(std::int64_t first_dim, std::int64_t last_dim = -1) const;
  [[nodiscard]] Tensor expand_as(const Tensor& other) const;
  [[nodiscard]] Tensor squeeze(std::int64_t dim) const;
  [[nodiscard]] Tensor unsqueeze(std::int64_t dim) const;
  [[nodiscard]] Tensor transpose(std::int64_t first_dim, std::int64_t second_dim) const;
  [[nodiscard]] Tensor flip(Sizes dims) const;
  [[nodiscard]] Tensor roll(Sizes shifts, Sizes dims) const;
  /// The part `index` along the first dimension; of any dimension; a range of it; by int64 indices.
  [[nodiscard]] Tensor operator[](std::int64_t index) const;
  [[nodiscard]] Tensor select(std::int64_t dim, std::int64_t index) const;
  [[nodiscard]] Tensor narrow(std::int64_t dim, std::int64_t start, std::int64_t length) const;
  [[nodiscard]] Tensor slice(std::int64_t dim, std::int64_t start, std::int64_t end,
                             std::int64_t step = 1) const;
  [[nodiscard]] Tensor index_select(std::int64_t dim, const Tensor& indices) const;
  [[nodiscard]] Tensor gather(std::int64_t dim, const Tensor& indices) const;
  [[nodiscard]] Tensor masked_fill(const Tensor& mask, Scalar value) const;
  [[nodiscard]] Tensor masked_select(const Tensor& mask) const;
  /// Views: `count` of (nearly) one size, of `size` each but the last, of one without `dim` each.
  [[nodiscard]] std::vector<Tensor> chunk(std::int64_t count, std::int64_t dim = 0) const;
  [[nodiscard]] std::vector<Tensor> split(std::int64_t size, std::int64_t dim = 0) const;
  [[nodiscard]] std::vector<Tensor> unbind(std::int64_t dim = 0) const;

 private:
  knack_tensor_t* handle_ = nullptr;
};

}  // namespace knack::inline v1
