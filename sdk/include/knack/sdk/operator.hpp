// SPDX-License-Identifier: MIT
// Every ATen operator: found once by name, called like a function.
#pragma once

#include <knack/sdk/tensor_handle.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace knack::inline v1 {

/// A list of tensors for operators that take Tensor[]. Refers to its tensors and does not keep them
/// alive. Reuse one across steps: nothing is allocated then.
class TensorList {
 public:
  void push_back(const Tensor& tensor) {
    push_back(tensor.handle());
  }
  void push_back(Tensor&& tensor) = delete;  // would be gone before the list is used
  void push_back(knack_tensor_t* handle) {
    knack_value_t item{};
    item.tag = KNACK_VALUE_TENSOR;
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

namespace detail {

template <typename Number>
  requires std::integral<Number> || std::floating_point<Number>
knack_value_t argument(Number number) {
  return Scalar(number).abi();
}
inline knack_value_t argument(const Scalar& scalar) {
  return scalar.abi();
}
inline knack_value_t argument(Dtype dtype) {
  return argument(static_cast<std::int64_t>(dtype));
}
inline knack_value_t argument(std::nullopt_t) {
  return {};
}
inline knack_value_t argument(const Tensor& tensor) {
  if (!tensor.defined()) return {};
  return {KNACK_VALUE_TENSOR, 0, 0, {.tensor = tensor.handle()}};
}
inline knack_value_t argument(std::string_view text) {
  return {KNACK_VALUE_STRING, 0, text.size(), {.string = text.data()}};
}
inline knack_value_t argument(const char* text) {
  return argument(std::string_view(text));
}
inline knack_value_t argument(const TensorList& list) {
  return list.abi();
}
inline knack_value_t argument(const IntList& list) {
  return list.abi();
}

}  // namespace detail

/// An ATen operator of one overload. Looking it up takes microseconds, so keep it:
///
///   static const knack::Operator relu("aten::relu");
///   knack::Tensor y = relu(x);
///
/// Arguments come in the order of the operator's schema: Tensor (undefined or std::nullopt for
/// None), numbers, bool, Scalar, Dtype, text, TensorList, IntList. Trailing ones with defaults may
/// be left out. Throws Error with LibTorch's message.
class Operator {
 public:
  /// Throws Error(KNACK_STATUS_NOT_FOUND) when the host's LibTorch has no such operator.
  explicit Operator(const char* name, const char* overload = "") {
    check(detail::aten_api().find(name, overload, &operator_));
  }

  /// The first result; undefined when it is no tensor.
  template <typename... Arguments>
  Tensor operator()(const Arguments&... arguments) const {
    return results<1>(arguments...)[0];
  }

  /// The first `count` results of an operator that gives several.
  template <std::size_t count, typename... Arguments>
  std::array<Tensor, count> results(const Arguments&... arguments) const {
    std::array<knack_value_t, count> values{};
    call(values, arguments...);
    std::array<Tensor, count> tensors;
    for (std::size_t i = 0; i < count; ++i) {
      if (values[i].tag == KNACK_VALUE_TENSOR) tensors[i] = Tensor::take(values[i].as.tensor);
    }
    return tensors;
  }

  /// The tensors of an operator whose result is one Tensor[].
  template <typename... Arguments>
  std::vector<Tensor> list(const Arguments&... arguments) const {
    std::array<knack_value_t, 1> values{};
    call(values, arguments...);
    std::vector<Tensor> tensors;
    if (values[0].tag != KNACK_VALUE_LIST) return tensors;
    for (std::uint64_t i = 0; i < values[0].count; ++i) {
      tensors.push_back(Tensor::take(values[0].as.items[i].as.tensor));
    }
    return tensors;
  }

  /// The first result of an operator that gives a number, such as aten::item.
  template <typename... Arguments>
  knack_value_t number(const Arguments&... arguments) const {
    std::array<knack_value_t, 1> values{};
    call(values, arguments...);
    return values[0];
  }

  /// For operators that work in place: results are not looked at.
  template <typename... Arguments>
  void run(const Arguments&... arguments) const {
    std::array<knack_value_t, 0> none;
    call(none, arguments...);
  }

 private:
  template <std::size_t capacity, typename... Arguments>
  void call(std::array<knack_value_t, capacity>& results, const Arguments&... arguments) const {
    const std::array<knack_value_t, sizeof...(Arguments)> values{detail::argument(arguments)...};
    std::uint64_t count = 0;
    check(detail::aten_api().call(operator_, values.data(), values.size(), results.data(), capacity,
                                  &count));
  }

  static void check(std::int32_t status) {
    if (status != KNACK_STATUS_OK) {
      throw Error(status, std::string(detail::from_abi(detail::aten_api().last_error())));
    }
  }

  const knack_operator_t* operator_ = nullptr;
};

/// Short for Operator(name, overload).
inline Operator op(const char* name, const char* overload = "") {
  return Operator(name, overload);
}

}  // namespace knack::inline v1
