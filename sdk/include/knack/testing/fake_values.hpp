// SPDX-License-Identifier: MIT
// Value trees that a test keeps: saved state, batches, outputs. Part of fake_host.hpp.
#pragma once

#include <knack/sdk/value_view.hpp>
#include <knack/testing/fake_handles.hpp>

#include <deque>
#include <string>

namespace knack::testing {

/// A tree with memory of its own, which lives as long as this.
class OwnedValue {
 public:
  OwnedValue() = default;

  /// A copy of what somebody lends; tensors are cloned, so that later changes do not reach it.
  static OwnedValue copy(const knack_value_t& borrowed) {
    OwnedValue result;
    result.root_ = result.rebuild(
        borrowed, [](knack_tensor_t* tensor) { return fake_tensor(tensor).clone(); });
    return result;
  }
  /// Takes over what a plugin gives away. Tensors keep their elements; their handles are released.
  static OwnedValue take(const knack_value_t& owned) {
    OwnedValue result;
    result.root_ = result.rebuild(owned, [](knack_tensor_t* tensor) {
      FakeTensor kept = fake_tensor(tensor);
      FakeHandles::all().release(tensor);
      return kept;
    });
    return result;
  }
  static OwnedValue of(FakeTensor tensor) {
    OwnedValue result;
    result.root_ = result.tensor_value(std::move(tensor));
    return result;
  }

  [[nodiscard]] const knack_value_t* abi() const {
    return &root_;
  }
  [[nodiscard]] ValueView view() const {
    return ValueView(&root_);
  }
  [[nodiscard]] bool is_none() const {
    return root_.tag == KNACK_VALUE_NONE;
  }
  /// The entry of a map.
  [[nodiscard]] ValueView operator[](std::string_view name) const {
    return view()[name];
  }
  /// The tensor, of a tree that is one.
  [[nodiscard]] FakeTensor& tensor() const {
    if (root_.tag != KNACK_VALUE_TENSOR) {
      throw Error(KNACK_STATUS_INVALID,
                  std::string("expected a tensor, found ") + ValueView::describe(root_.tag));
    }
    return fake_tensor(root_.as.tensor);
  }

 private:
  template <typename Keep>
  knack_value_t rebuild(const knack_value_t& value, const Keep& keep) {
    if (value.reserved != 0 || value.tag > KNACK_VALUE_MAP) {
      throw Error(KNACK_STATUS_INVALID,
                  "expected a value with a KNACK_VALUE_* tag and a reserved "
                  "field of 0, found something else");
    }
    knack_value_t result = value;
    const auto count = static_cast<std::size_t>(value.count);
    if (value.tag == KNACK_VALUE_TENSOR) return tensor_value(keep(value.as.tensor));
    if (value.tag == KNACK_VALUE_STRING) {
      result.as.string = texts_.emplace_back(value.as.string, count).data();
    } else if (value.tag == KNACK_VALUE_LIST) {
      std::vector<knack_value_t>& items = lists_.emplace_back(count);
      for (std::size_t i = 0; i < count; ++i) items[i] = rebuild(value.as.items[i], keep);
      result.as.items = items.data();
    } else if (value.tag == KNACK_VALUE_MAP) {
      std::vector<knack_named_value_t>& entries = maps_.emplace_back(count);
      for (std::size_t i = 0; i < count; ++i) {
        const knack_string_t name = value.as.entries[i].name;
        const auto size = static_cast<std::size_t>(name.size);
        entries[i].name = {texts_.emplace_back(name.data, size).data(), name.size};
        entries[i].value = rebuild(value.as.entries[i].value, keep);
      }
      result.as.entries = entries.data();
    }
    return result;
  }

  knack_value_t tensor_value(FakeTensor tensor) {
    knack_value_t value{};
    value.tag = KNACK_VALUE_TENSOR;
    value.as.tensor = tensors_.emplace_back(std::move(tensor)).handle();
    return value;
  }

  knack_value_t root_{};
  std::deque<std::string> texts_;
  std::deque<std::vector<knack_value_t>> lists_;
  std::deque<std::vector<knack_named_value_t>> maps_;
  std::vector<LentTensor> tensors_;
};

/// What the hook or function wrote and may still hold after a failure is given back.
inline void release_value(const knack_value_t& owned) {
  (void)OwnedValue::take(owned);
}

/// The elements in row-major order.
template <typename Number = double>
std::vector<Number> elements(const FakeTensor& tensor) {
  std::vector<Number> numbers;
  for (std::int64_t i = 0; i < tensor.numel(); ++i) numbers.push_back(tensor.get<Number>(i));
  return numbers;
}

/// A row-major tensor of these elements; the shape is one dimension unless told otherwise.
template <typename Number>
FakeTensor tensor_from(const std::vector<Number>& numbers, std::int32_t dtype,
                       std::vector<std::int64_t> shape = {-1}) {
  if (shape == std::vector<std::int64_t>{-1}) shape = {static_cast<std::int64_t>(numbers.size())};
  const FakeTensor tensor(dtype, std::move(shape));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    tensor.set(static_cast<std::int64_t>(i), numbers[i]);
  }
  return tensor;
}

}  // namespace knack::testing
