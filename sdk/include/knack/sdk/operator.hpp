// SPDX-License-Identifier: MIT
// Every ATen operator: found once by name, called like a function.
#pragma once

#include <knack/sdk/argument_lists.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace knack::inline v1 {

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
inline knack_value_t argument(const ScalarList& list) {
  return list.abi();
}
inline knack_value_t argument(const Device& device) {
  return argument(std::string_view(device.name()));
}

/// Releases the tensors of an owned result that is not used; true when there was one.
inline bool discard(const knack_value_t& value) {
  if (value.tag == KNACK_VALUE_TENSOR) return Tensor::take(value.as.tensor).defined();
  bool had_tensors = false;
  const std::uint64_t count = value.tag == KNACK_VALUE_LIST ? value.count : 0;
  for (std::uint64_t i = 0; i < count; ++i) had_tensors |= discard(value.as.items[i]);
  return had_tensors;
}

}  // namespace detail

/// An ATen operator of one overload. Looking it up takes microseconds, so keep it:
///
///   static const knack::Operator relu("aten::relu");
///   knack::Tensor y = relu(x);
///
/// Arguments come in the order of the operator's schema: Tensor (undefined or std::nullopt for
/// None), numbers, bool, Scalar, Dtype, Device, text, TensorList, IntList, ScalarList. Trailing ones
/// with defaults may be left out. Fails with LibTorch's message.
class Operator {
 public:
  /// Throws Error(KNACK_STATUS_NOT_FOUND) when the host's LibTorch has no such operator.
  explicit Operator(const char* name, const char* overload = "") {
    const auto find = detail::aten_api().find;
    if (find != nullptr) check(find(name, overload, &operator_));
  }

  /// The first result; undefined when it is no tensor. Fails for a list of tensors: see list().
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
    bool has_list = false;
    for (std::size_t i = 0; i < count; ++i) {
      if (values[i].tag == KNACK_VALUE_TENSOR) {
        tensors[i] = Tensor::take(values[i].as.tensor);
      } else {
        has_list |= detail::discard(values[i]);
      }
    }
    if (has_list) fail(KNACK_STATUS_INVALID, "the operator gives a list of tensors: use list()");
    return tensors;
  }

  /// The tensors of an operator whose result is one Tensor[]; undefined ones for what is none.
  /// Fails for a single tensor.
  template <typename... Arguments>
  std::vector<Tensor> list(const Arguments&... arguments) const {
    std::array<knack_value_t, 1> values{};
    call(values, arguments...);
    std::vector<Tensor> tensors;
    if (values[0].tag != KNACK_VALUE_LIST) {
      if (detail::discard(values[0])) fail(KNACK_STATUS_INVALID, "the operator gives no list");
      return tensors;
    }
    tensors.reserve(values[0].count);
    for (std::uint64_t i = 0; i < values[0].count; ++i) {
      const knack_value_t& item = values[0].as.items[i];
      tensors.push_back(item.tag == KNACK_VALUE_TENSOR ? Tensor::take(item.as.tensor) : Tensor());
    }
    return tensors;
  }

  /// The first result of an operator that gives a number, such as aten::item. Fails for tensors.
  template <typename... Arguments>
  knack_value_t number(const Arguments&... arguments) const {
    std::array<knack_value_t, 1> values{};
    call(values, arguments...);
    if (!detail::discard(values[0])) return values[0];
    fail(KNACK_STATUS_INVALID, "the operator gives no number: call it, or use list()");
    return {};
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
    if (failed()) return;
    if (operator_ == nullptr) return fail(KNACK_STATUS_NOT_FOUND, "the operator was not found");
    const std::array<knack_value_t, sizeof...(Arguments)> values{detail::argument(arguments)...};
    std::uint64_t count = 0;
    check(detail::aten_api().call(operator_, values.data(), values.size(), results.data(), capacity,
                                  &count));
  }

  static void check(std::int32_t status) {
    if (status != KNACK_STATUS_OK) {
      fail(status, std::string(detail::from_abi(detail::aten_api().last_error())));
    }
  }

  const knack_operator_t* operator_ = nullptr;
};

/// Short for Operator(name, overload).
inline Operator op(const char* name, const char* overload = "") {
  return Operator(name, overload);
}

}  // namespace knack::inline v1
