// SPDX-License-Identifier: MIT
// Lists as arguments of operators. Part of operator.hpp.
#pragma once

#include <knack/sdk/tensor_handle.hpp>

#include <vector>

namespace knack::inline v1 {

/// A list of tensors for operators that take Tensor[], or Tensor?[] with undefined ones as None.
/// Refers to its tensors and does not keep them alive. Reuse one across steps: nothing is allocated
/// then.
class TensorList {
 public:
  TensorList() = default;
  TensorList(std::span<const Tensor> tensors) {
    items_.reserve(tensors.size());
    for (const Tensor& tensor : tensors) push_back(tensor);
  }
  TensorList(const std::vector<Tensor>& tensors) : TensorList(std::span<const Tensor>(tensors)) {}

  void push_back(const Tensor& tensor) {
    push_back(tensor.handle());
  }
  void push_back(Tensor&& tensor) = delete;  // would be gone before the list is used
  void push_back(knack_tensor_t* handle) {
    knack_value_t item{};
    item.tag = handle == nullptr ? KNACK_VALUE_NONE : KNACK_VALUE_TENSOR;
    item.as.tensor = handle;
    items_.push_back(item);
  }
  void clear() {
    items_.clear();
  }
  [[nodiscard]] std::size_t size() const {
    return items_.size();
  }
  [[nodiscard]] bool empty() const {
    return items_.empty();
  }
  [[nodiscard]] knack_tensor_t* handle(std::size_t index) const {
    return items_[index].as.tensor;
  }
  /// A reference of its own to one element.
  [[nodiscard]] Tensor operator[](std::size_t index) const {
    return Tensor::retain(handle(index));
  }
  [[nodiscard]] knack_value_t abi() const {
    return {KNACK_VALUE_LIST, 0, items_.size(), {.items = items_.data()}};
  }

 private:
  std::vector<knack_value_t> items_;
};

/// A list of integers for operators that take int[].
class IntList {
 public:
  IntList(Sizes numbers) : IntList(view_of(numbers)) {}
  IntList(SizesView numbers) {
    items_.reserve(numbers.size());
    for (const std::int64_t number : numbers) items_.push_back(Scalar(number).abi());
  }
  [[nodiscard]] knack_value_t abi() const {
    return {KNACK_VALUE_LIST, 0, items_.size(), {.items = items_.data()}};
  }

 private:
  std::vector<knack_value_t> items_;
};

/// A list of numbers for operators that take Scalar[], float[] or bool[].
class ScalarList {
 public:
  ScalarList(std::initializer_list<Scalar> numbers) {
    for (const Scalar& number : numbers) push_back(number);
  }
  void push_back(Scalar number) {
    items_.push_back(number.abi());
  }
  [[nodiscard]] knack_value_t abi() const {
    return {KNACK_VALUE_LIST, 0, items_.size(), {.items = items_.data()}};
  }

 private:
  std::vector<knack_value_t> items_;
};

}  // namespace knack::inline v1
