// SPDX-License-Identifier: MIT
// Fake operators that pick elements, and put tensors together or cut them. Part of
// fake_operators.hpp.
#pragma once

#include <knack/testing/fake_shapes.hpp>

namespace knack::testing::fake {

/// An index that an operator was given, counted from 0.
inline std::int64_t checked_position(const FakeTensor& indices, std::int64_t at,
                                     std::int64_t size) {
  if (category(indices.dtype) != 1) refuse("expected indices of int32 or int64");
  const auto position = indices.get<std::int64_t>(at);
  if (position < 0 || position >= size) {
    refuse("index " + std::to_string(position) + " is out of a dimension of " +
           std::to_string(size));
  }
  return position;
}

inline FakeTensor index_select(const FakeTensor& self, std::int64_t dim,
                               const FakeTensor& indices) {
  const std::size_t index = dimension_of(self, dim);
  if (indices.dim() > 1) refuse("index_select: expected a vector of indices");
  if (self.sizes.empty()) {
    if (indices.numel() != 1) refuse("index_select: expected one index into a single element");
    (void)checked_position(indices, 0, 1);
    return self.clone();
  }
  std::vector<std::int64_t> shape = self.sizes;
  shape[index] = indices.numel();
  const FakeTensor result(self.dtype, shape);
  for (std::int64_t i = 0; i < indices.numel(); ++i) {
    assign(select(result, dim, i),
           select(self, dim, checked_position(indices, i, self.sizes[index])));
  }
  return result;
}

inline FakeTensor gather(const FakeTensor& self, std::int64_t dim, const FakeTensor& indices) {
  const std::size_t index = dimension_of(self, dim);
  if (self.dim() != indices.dim()) refuse("gather: expected indices of as many dimensions");
  const FakeTensor result(self.dtype, indices.sizes);
  for (std::int64_t i = 0; i < indices.numel(); ++i) {
    FakeTensor source = self;
    std::int64_t rest = i;
    for (std::size_t k = indices.sizes.size(); k-- > 0;) {
      const std::int64_t place = rest % indices.sizes[k];
      rest /= indices.sizes[k];
      if (k != index && place >= self.sizes[k]) refuse("gather: the indices have a larger shape");
      const std::int64_t picked = k == index ? checked_position(indices, i, self.sizes[k]) : place;
      source.offset += picked * self.strides[k];
    }
    source.sizes.clear();
    source.strides.clear();
    FakeTensor target = result;
    target.offset += i;
    target.sizes.clear();
    target.strides.clear();
    assign(target, source);
  }
  return result;
}

/// The k largest or smallest along a dimension, in order, and their places.
inline Results topk(const Arguments& a) {
  const FakeTensor& self = a.tensor(0);
  const std::int64_t k = a.integer(1);
  const std::int64_t dim = a.integer(2, -1);
  const bool largest = a.boolean(3, true);
  const std::size_t index = dimension_of(self, dim);
  std::vector<std::int64_t> shape = self.sizes;
  const std::int64_t size = shape.empty() ? 1 : shape[index];
  if (k < 0 || k > size) refuse("topk: expected 0 to " + std::to_string(size) + " elements");
  if (!shape.empty()) shape[index] = k;
  const FakeTensor values(self.dtype, shape);
  const FakeTensor places(KNACK_DTYPE_INT64, shape);
  std::vector<std::int64_t> rows_shape = self.sizes;
  if (!shape.empty()) rows_shape[index] = 1;
  const FakeTensor rows(KNACK_DTYPE_BOOL, rows_shape);
  const auto row_of = [&](FakeTensor tensor, std::int64_t row) {
    FakeTensor starts = tensor;
    starts.sizes = rows_shape;
    tensor.offset += starts.place_of(row);
    tensor.sizes = {shape.empty() ? 1 : tensor.sizes[index]};
    tensor.strides = {shape.empty() ? 1 : tensor.strides[index]};
    return tensor;
  };
  for (std::int64_t row = 0; row < rows.numel(); ++row) {
    const FakeTensor source = row_of(self, row);
    std::vector<std::int64_t> order(static_cast<std::size_t>(size));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t left, std::int64_t right) {
      const double x = source.get(left);
      const double y = source.get(right);
      return largest ? x > y || (std::isnan(x) && !std::isnan(y))
                     : x < y || (!std::isnan(x) && std::isnan(y));
    });
    for (std::int64_t i = 0; i < k; ++i) {
      const std::int64_t place = order[static_cast<std::size_t>(i)];
      row_of(places, row).set(i, place);
      assign(select(row_of(values, row), 0, i), select(source, 0, place));
    }
  }
  return Results::several({values, places});
}

inline FakeTensor cat(const std::vector<FakeTensor>& tensors, std::int64_t dim) {
  if (tensors.empty()) refuse("cat: expected at least one tensor");
  std::vector<FakeTensor> parts;
  std::int32_t dtype = tensors.front().dtype;
  for (const FakeTensor& tensor : tensors) {
    dtype = result_type({FakeTensor(dtype, {1}), FakeTensor(tensor.dtype, {1})});
    if (tensor.sizes.empty()) refuse("cat: expected tensors with dimensions");
    const bool is_legacy_nothing = tensor.sizes == std::vector<std::int64_t>{0};
    if (!is_legacy_nothing) parts.push_back(tensor);
  }
  if (parts.empty()) return {dtype, {0}};
  std::vector<std::int64_t> shape = parts.front().sizes;
  const std::size_t index = dimension_of(parts.front(), dim);
  shape[index] = 0;
  for (const FakeTensor& part : parts) {
    std::vector<std::int64_t> others = part.sizes;
    if (others.size() != shape.size()) refuse("cat: expected as many dimensions in all tensors");
    others[index] = shape[index];
    if (others != shape) refuse("cat: the other sizes differ");
    shape[index] += part.sizes[index];
  }
  const FakeTensor result(dtype, shape);
  std::int64_t start = 0;
  for (const FakeTensor& part : parts) {
    assign(narrow(result, dim, start, part.sizes[index]), part);
    start += part.sizes[index];
  }
  return result;
}

inline std::vector<FakeTensor> split(const FakeTensor& self, std::int64_t size, std::int64_t dim) {
  if (self.sizes.empty() || size < 0) refuse("split: expected dimensions and a size of 0 or more");
  const std::int64_t whole = self.sizes[dimension_of(self, dim)];
  if (size == 0 && whole != 0) refuse("split: expected a size of 1 or more");
  std::vector<FakeTensor> parts;
  for (std::int64_t start = 0; start < whole; start += size) {
    parts.push_back(narrow(self, dim, start, std::min(size, whole - start)));
  }
  if (parts.empty()) parts.push_back(self);
  return parts;
}

/// 1 at the place of each class, in a new last dimension; -1 classes: as many as the largest needs.
inline FakeTensor one_hot(const FakeTensor& self, std::int64_t classes) {
  if (self.dtype != KNACK_DTYPE_INT64) refuse("one_hot: expected classes of int64");
  if (self.numel() == 0 && classes <= 0) refuse("one_hot: no classes, and not told how many");
  if (classes == -1) {
    const std::vector<std::int64_t> all = elements<std::int64_t>(self);
    classes = *std::max_element(all.begin(), all.end()) + 1;
  }
  std::vector<std::int64_t> shape = self.sizes;
  shape.push_back(std::max<std::int64_t>(classes, 0));
  const FakeTensor result(KNACK_DTYPE_INT64, shape);
  for (std::int64_t i = 0; i < self.numel(); ++i) {
    result.set(i * classes + checked_position(self, i, classes), std::int64_t{1});
  }
  return result;
}

inline void add_picks(FakeOperators& all) {
  all.add("index_select", "", 3, [](const Arguments& a) -> Results {
    return index_select(a.tensor(0), a.integer(1), a.tensor(2));
  });
  all.add("gather", "", 4, [](const Arguments& a) -> Results {
    return gather(a.tensor(0), a.integer(1), a.tensor(2));
  });
  all.add("one_hot", "", 2,
          [](const Arguments& a) -> Results { return one_hot(a.tensor(0), a.integer(1, -1)); });
  all.add("topk", "", 5, [](const Arguments& a) { return topk(a); });
}

inline void add_joins(FakeOperators& all) {
  all.add("cat", "", 2,
          [](const Arguments& a) -> Results { return cat(a.tensors(0), a.integer(1, 0)); });
  all.add("stack", "", 2, [](const Arguments& a) -> Results {
    std::vector<FakeTensor> tensors = a.tensors(0);
    for (FakeTensor& tensor : tensors) {
      if (tensor.sizes != a.tensors(0).front().sizes) refuse("stack: expected equal shapes");
      tensor = unsqueeze(tensor, a.integer(1, 0));
    }
    return cat(tensors, a.integer(1, 0));
  });
  all.add("split", "Tensor", 3, [](const Arguments& a) {
    return Results::list(split(a.tensor(0), a.integer(1), a.integer(2, 0)));
  });
  all.add("unbind", "int", 2, [](const Arguments& a) {
    const std::int64_t dim = a.integer(1, 0);
    std::vector<FakeTensor> parts;
    const FakeTensor& self = a.tensor(0);
    const std::size_t index = dimension_of(self, dim);
    if (self.sizes.empty()) refuse("unbind: expected a tensor with dimensions");
    for (std::int64_t i = 0; i < self.sizes[index]; ++i) parts.push_back(select(self, dim, i));
    return Results::list(std::move(parts));
  });
}

}  // namespace knack::testing::fake
