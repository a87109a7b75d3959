// SPDX-License-Identifier: MIT
// Fake operators that look at the same elements in another way, pick some, or put tensors together.
// Part of fake_operators.hpp.
#pragma once

#include <knack/testing/fake_reductions.hpp>

namespace knack::testing::fake {

/// Puts the size in that stands for -1. Throws Error for a shape of another number of elements.
inline std::vector<std::int64_t> complete_shape(const FakeTensor& tensor,
                                                std::vector<std::int64_t> shape) {
  std::int64_t known = 1;
  std::int64_t* open = nullptr;
  for (std::int64_t& size : shape) {
    if (size == -1 && open == nullptr) {
      open = &size;
    } else if (size < 0) {
      refuse("view: expected sizes of 0 or more and at most one -1");
    } else {
      known *= size;
    }
  }
  if (open != nullptr) {
    if (known == 0 || tensor.numel() % known != 0) refuse("view: the shape does not fit");
    *open = tensor.numel() / known;
    known = tensor.numel();
  }
  if (known != tensor.numel()) {
    refuse("view: the shape has " + std::to_string(known) + " elements, the tensor " +
           std::to_string(tensor.numel()));
  }
  return shape;
}

/// The strides of a view of `shape`, or none when one needs a copy: each run of dimensions without
/// gaps between them is cut anew.
inline std::optional<std::vector<std::int64_t>> view_strides(
    const FakeTensor& tensor, const std::vector<std::int64_t>& shape) {
  if (tensor.is_contiguous()) return FakeTensor::row_major(shape);
  std::vector<std::int64_t> strides(shape.size(), 1);
  std::size_t left = shape.size();  // of the new dimensions, from the back
  std::int64_t elements_of_run = 1;
  std::int64_t stride_of_run = tensor.strides.back();
  for (std::size_t dim = tensor.sizes.size(); dim-- > 0;) {
    elements_of_run *= tensor.sizes[dim];
    const bool ends_run = dim == 0 || (tensor.sizes[dim - 1] != 1 &&
                                       tensor.strides[dim - 1] != elements_of_run * stride_of_run);
    if (!ends_run) continue;
    std::int64_t taken = 1;
    while (left > 0 && (taken < elements_of_run || shape[left - 1] == 1)) {
      strides[--left] = taken * stride_of_run;
      taken *= shape[left];
    }
    if (taken != elements_of_run) return std::nullopt;
    elements_of_run = 1;
    if (dim > 0) stride_of_run = tensor.strides[dim - 1];
  }
  if (left != 0) return std::nullopt;
  return strides;
}

inline FakeTensor view(const FakeTensor& tensor, const std::vector<std::int64_t>& sizes) {
  FakeTensor result = tensor;
  result.sizes = complete_shape(tensor, sizes);
  const auto strides = view_strides(tensor, result.sizes);
  if (!strides) refuse("view: needs a copy, because of the strides; use reshape");
  result.strides = *strides;
  return result;
}

inline FakeTensor reshape(const FakeTensor& tensor, const std::vector<std::int64_t>& sizes) {
  const std::vector<std::int64_t> shape = complete_shape(tensor, sizes);
  return view_strides(tensor, shape) ? view(tensor, shape) : view(tensor.clone(), shape);
}

inline FakeTensor transpose(const FakeTensor& tensor, std::int64_t first, std::int64_t second) {
  FakeTensor result = tensor;
  const std::size_t a = dimension_of(tensor, first);
  const std::size_t b = dimension_of(tensor, second);
  if (tensor.sizes.empty()) return result;
  std::swap(result.sizes[a], result.sizes[b]);
  std::swap(result.strides[a], result.strides[b]);
  return result;
}

/// `length` elements of a dimension, `step` apart.
inline FakeTensor narrow(const FakeTensor& tensor, std::int64_t dim, std::int64_t start,
                         std::int64_t length, std::int64_t step = 1) {
  const std::size_t index = dimension_of(tensor, dim);
  if (tensor.sizes.empty()) refuse("narrow: expected a tensor with dimensions");
  const std::int64_t size = tensor.sizes[index];
  if (start < 0) start += size;
  if (start < 0 || length < 0 || (length > 0 && start + (length - 1) * step >= size)) {
    refuse("narrow: start and length do not fit a dimension of " + std::to_string(size));
  }
  FakeTensor result = tensor;
  result.offset += start * tensor.strides[index];
  result.sizes[index] = length;
  result.strides[index] *= step;
  return result;
}

inline FakeTensor select(const FakeTensor& tensor, std::int64_t dim, std::int64_t position) {
  const std::size_t index = dimension_of(tensor, dim);
  FakeTensor result = narrow(tensor, dim, position, 1);
  result.sizes.erase(result.sizes.begin() + static_cast<std::ptrdiff_t>(index));
  result.strides.erase(result.strides.begin() + static_cast<std::ptrdiff_t>(index));
  return result;
}

inline FakeTensor unsqueeze(const FakeTensor& tensor, std::int64_t dim) {
  const auto index = static_cast<std::ptrdiff_t>(dimension_of(tensor, dim, 1));
  std::vector<std::int64_t> sizes = tensor.sizes;
  FakeTensor result = tensor;
  result.sizes.insert(result.sizes.begin() + index, 1);
  const bool is_last = static_cast<std::size_t>(index) == tensor.strides.size();
  const std::int64_t stride = is_last ? 1
                                      : tensor.strides[static_cast<std::size_t>(index)] *
                                            sizes[static_cast<std::size_t>(index)];
  result.strides.insert(result.strides.begin() + index, stride);
  return result;
}

inline FakeTensor squeeze(const FakeTensor& tensor, const std::vector<bool>& wanted) {
  FakeTensor result = tensor;
  result.sizes.clear();
  result.strides.clear();
  for (std::size_t i = 0; i < tensor.sizes.size(); ++i) {
    if (wanted[i] && tensor.sizes[i] == 1) continue;
    result.sizes.push_back(tensor.sizes[i]);
    result.strides.push_back(tensor.strides[i]);
  }
  return result;
}

inline FakeTensor flatten(const FakeTensor& tensor, std::int64_t first, std::int64_t last) {
  const std::size_t begin = dimension_of(tensor, first);
  const std::size_t end = dimension_of(tensor, last) + 1;
  if (tensor.sizes.empty()) return reshape(tensor, {1});
  if (begin >= end) refuse("flatten: the first dimension is after the last");
  std::vector<std::int64_t> sizes(tensor.sizes.begin(),
                                  tensor.sizes.begin() + static_cast<std::ptrdiff_t>(begin));
  std::int64_t count = 1;
  for (std::size_t i = begin; i < end; ++i) count *= tensor.sizes[i];
  sizes.push_back(count);
  sizes.insert(sizes.end(), tensor.sizes.begin() + static_cast<std::ptrdiff_t>(end),
               tensor.sizes.end());
  return reshape(tensor, sizes);
}

inline FakeTensor permute(const FakeTensor& tensor, const std::vector<std::int64_t>& dims) {
  FakeTensor result = tensor;
  std::vector<bool> used(tensor.sizes.size(), false);
  if (dims.size() != used.size()) refuse("permute: expected each dimension once");
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::size_t from = dimension_of(tensor, dims[i]);
    if (used[from]) refuse("permute: expected each dimension once");
    used[from] = true;
    result.sizes[i] = tensor.sizes[from];
    result.strides[i] = tensor.strides[from];
  }
  return result;
}

/// slice.Tensor: bounds beyond the dimension are cut.
inline FakeTensor slice(const Arguments& a) {
  const FakeTensor& self = a.tensor(0);
  const std::int64_t dim = a.integer(1, 0);
  if (self.sizes.empty()) refuse("slice: expected a tensor with dimensions");
  const std::int64_t size = self.sizes[dimension_of(self, dim)];
  const std::int64_t step = a.integer(4, 1);
  if (step < 1) refuse("slice: expected a step of 1 or more");
  const auto bound = [size](std::int64_t place) {
    return std::clamp<std::int64_t>(place < 0 ? place + size : place, 0, size);
  };
  const std::int64_t start = bound(a.integer(2, 0));
  const std::int64_t end = std::max(start, bound(a.integer(3, size)));
  return narrow(self, dim, start, (end - start + step - 1) / step, step);
}

inline void add_views(FakeOperators& all) {
  all.add("view", "", 2,
          [](const Arguments& a) -> Results { return view(a.tensor(0), a.integers(1)); });
  all.add("reshape", "", 2,
          [](const Arguments& a) -> Results { return reshape(a.tensor(0), a.integers(1)); });
  all.add("flatten", "using_ints", 3, [](const Arguments& a) -> Results {
    return flatten(a.tensor(0), a.integer(1, 0), a.integer(2, -1));
  });
  all.add("unsqueeze", "", 2,
          [](const Arguments& a) -> Results { return unsqueeze(a.tensor(0), a.integer(1)); });
  all.add("squeeze", "", 1, [](const Arguments& a) -> Results {
    return squeeze(a.tensor(0), std::vector<bool>(a.tensor(0).sizes.size(), true));
  });
  all.add("squeeze", "dim", 2, [](const Arguments& a) -> Results {
    std::vector<bool> wanted(a.tensor(0).sizes.size(), false);
    const std::size_t dim = dimension_of(a.tensor(0), a.integer(1));
    if (!wanted.empty()) wanted[dim] = true;
    return squeeze(a.tensor(0), wanted);
  });
  all.add("transpose", "int", 3, [](const Arguments& a) -> Results {
    return transpose(a.tensor(0), a.integer(1), a.integer(2));
  });
  all.add("t", "", 1, [](const Arguments& a) -> Results {
    if (a.tensor(0).dim() > 2) refuse("t: expected at most 2 dimensions");
    return a.tensor(0).dim() < 2 ? a.tensor(0) : transpose(a.tensor(0), 0, 1);
  });
  all.add("permute", "", 2,
          [](const Arguments& a) -> Results { return permute(a.tensor(0), a.integers(1)); });
  all.add("expand", "", 3,
          [](const Arguments& a) -> Results { return expand_to(a.tensor(0), a.integers(1)); });
  all.add("expand_as", "", 2,
          [](const Arguments& a) -> Results { return expand_to(a.tensor(0), a.tensor(1).sizes); });
  all.add("select", "int", 3, [](const Arguments& a) -> Results {
    return select(a.tensor(0), a.integer(1), a.integer(2));
  });
  all.add("narrow", "", 4, [](const Arguments& a) -> Results {
    return narrow(a.tensor(0), a.integer(1), a.integer(2), a.integer(3));
  });
  all.add("slice", "Tensor", 5, [](const Arguments& a) -> Results { return slice(a); });
}

}  // namespace knack::testing::fake
