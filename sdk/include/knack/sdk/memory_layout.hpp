// SPDX-License-Identifier: MIT
// Fused operators, such as aten::_fused_sgd_, walk through the memory of several tensors at once.
// They take it for granted, without looking, that elements that belong together lie at the same
// places.
#pragma once

#include <knack/sdk/tensor.hpp>

#include <algorithm>
#include <vector>

namespace knack::inline v1 {

namespace detail {

inline knack_tensor_info_t describe_tensor(knack_tensor_t* tensor) {
  knack_tensor_info_t info{};
  info.struct_size = sizeof(info);
  call_host("knack.tensor/1 describe", tensor_api().describe, tensor, &info);
  return info;
}

inline bool same_sizes(const knack_tensor_info_t& a, const knack_tensor_info_t& b) {
  return a.dimensions == b.dimensions &&
         std::equal(a.sizes_borrowed, a.sizes_borrowed + a.dimensions, b.sizes_borrowed);
}

}  // namespace detail

/// Whether two tensors have the same shape, the same strides, where they matter, and one element
/// type.
inline bool same_layout(knack_tensor_t* a, knack_tensor_t* b) {
  const knack_tensor_info_t first = detail::describe_tensor(a);
  const knack_tensor_info_t second = detail::describe_tensor(b);
  if (first.dtype != second.dtype || !detail::same_sizes(first, second)) return false;
  for (std::int32_t i = 0; i < first.dimensions; ++i) {
    const bool steps = first.sizes_borrowed[i] > 1;
    if (steps && first.strides_borrowed[i] != second.strides_borrowed[i]) return false;
  }
  return true;
}

/// A copy of `source` in the layout, on the device and of the element type of `like`. Throws unless
/// both have the same shape.
inline Tensor copy_in_layout_of(knack_tensor_t* like, const Tensor& source) {
  if (!detail::same_sizes(detail::describe_tensor(like), source.info())) {
    fail(KNACK_STATUS_INVALID, "two tensors that belong together differ in their shapes");
    return {};
  }
  Tensor copy = Tensor::empty_like(Tensor::retain(like));
  copy.copy_(source);
  return copy;
}

/// Gives gradients the layout of their parameters. Nearly always they have it and nothing is
/// copied.
class LayoutMatcher {
 public:
  /// `gradient`, or a copy that lives until clear().
  knack_tensor_t* match(knack_tensor_t* param, knack_tensor_t* gradient) {
    if (same_layout(param, gradient)) return gradient;
    copies_.push_back(copy_in_layout_of(param, Tensor::retain(gradient)));
    return copies_.back().handle();
  }
  void clear() {
    copies_.clear();
  }

  /// Throws for a parameter whose elements do not lie next to each other.
  static void check_without_gaps(knack_tensor_t* param, std::string_view name) {
    if (same_layout(param, Tensor::empty_like(Tensor::retain(param)).handle())) return;
    fail(KNACK_STATUS_UNSUPPORTED, "parameter \"" + std::string(name) +
                                       "\" has gaps in memory, which fused operators cannot skip; "
                                       "make it contiguous in the model");
  }

 private:
  std::vector<Tensor> copies_;
};

}  // namespace knack::inline v1
