// SPDX-License-Identifier: MIT
// What goes into the fake operators and what comes out. Part of fake_operators.hpp.
#pragma once

#include <knack/testing/fake_values.hpp>

#include <functional>
#include <optional>

namespace knack::testing {

/// A number as operators take it: a boolean, an integer or a floating point number.
struct FakeScalar {
  std::int32_t dtype = KNACK_DTYPE_INT64;  ///< KNACK_DTYPE_BOOL, _INT64 or _FLOAT64
  std::int64_t integer = 0;
  double real = 0;

  [[nodiscard]] bool is_floating() const {
    return dtype == KNACK_DTYPE_FLOAT64;
  }
  /// A tensor of no dimensions.
  [[nodiscard]] FakeTensor tensor() const {
    const FakeTensor result(dtype, {});
    is_floating() ? result.set(0, real) : result.set(0, integer);
    return result;
  }

  static FakeScalar of(std::int64_t integer) {
    return {KNACK_DTYPE_INT64, integer, static_cast<double>(integer)};
  }
  static FakeScalar of(double real) {
    return {KNACK_DTYPE_FLOAT64, 0, real};
  }
  static FakeScalar of(bool value) {
    return {KNACK_DTYPE_BOOL, value ? 1 : 0, value ? 1.0 : 0.0};
  }
};

/// The arguments of one call, by position. Each function throws Error for a value of another kind.
class FakeArguments {
 public:
  FakeArguments(const knack_value_t* values, std::uint64_t count)
      : values_(values), count_(static_cast<std::size_t>(count)) {}

  [[nodiscard]] std::size_t size() const {
    return count_;
  }
  [[nodiscard]] const knack_value_t& operator[](std::size_t position) const {
    return values_[position];
  }
  /// False for one that is left out, or None.
  [[nodiscard]] bool has(std::size_t position) const {
    return position < count_ && values_[position].tag != KNACK_VALUE_NONE;
  }

  [[nodiscard]] FakeTensor& tensor(std::size_t position) const {
    return fake_tensor(given(position, KNACK_VALUE_TENSOR, "a tensor").as.tensor);
  }
  [[nodiscard]] std::vector<FakeTensor> tensors(std::size_t position) const {
    const knack_value_t& list = given(position, KNACK_VALUE_LIST, "a list of tensors");
    std::vector<FakeTensor> result;
    for (std::uint64_t i = 0; i < list.count; ++i) {
      result.push_back(FakeArguments(&list.as.items[i], 1).tensor(0));
    }
    return result;
  }

  [[nodiscard]] FakeScalar scalar(std::size_t position) const {
    const std::uint32_t tag = has(position) ? values_[position].tag : KNACK_VALUE_NONE;
    if (tag == KNACK_VALUE_BOOL) return FakeScalar::of(values_[position].as.i64 != 0);
    if (tag == KNACK_VALUE_INT) return FakeScalar::of(values_[position].as.i64);
    if (tag == KNACK_VALUE_FLOAT) return FakeScalar::of(values_[position].as.f64);
    refuse(position, "a number");
  }
  [[nodiscard]] FakeScalar scalar(std::size_t position, FakeScalar fallback) const {
    return has(position) ? scalar(position) : fallback;
  }
  [[nodiscard]] double real(std::size_t position, double fallback) const {
    return has(position) ? scalar(position).real : fallback;
  }
  [[nodiscard]] std::int64_t integer(std::size_t position) const {
    return given(position, KNACK_VALUE_INT, "an integer").as.i64;
  }
  [[nodiscard]] std::int64_t integer(std::size_t position, std::int64_t fallback) const {
    return has(position) ? integer(position) : fallback;
  }
  [[nodiscard]] bool boolean(std::size_t position, bool fallback) const {
    if (!has(position)) return fallback;
    return given(position, KNACK_VALUE_BOOL, "a boolean").as.i64 != 0;
  }
  /// A list of integers, or one.
  [[nodiscard]] std::vector<std::int64_t> integers(std::size_t position) const {
    if (has(position) && values_[position].tag == KNACK_VALUE_INT) return {integer(position)};
    const knack_value_t& list = given(position, KNACK_VALUE_LIST, "a list of integers");
    std::vector<std::int64_t> result;
    for (std::uint64_t i = 0; i < list.count; ++i) {
      result.push_back(FakeArguments(&list.as.items[i], 1).integer(0));
    }
    return result;
  }
  [[nodiscard]] std::int32_t dtype(std::size_t position, std::int32_t fallback) const {
    return static_cast<std::int32_t>(integer(position, fallback));
  }

 private:
  [[nodiscard]] const knack_value_t& given(std::size_t position, std::uint32_t tag,
                                           const char* expected) const {
    if (!has(position) || values_[position].tag != tag) refuse(position, expected);
    return values_[position];
  }
  [[noreturn]] void refuse(std::size_t position, const char* expected) const {
    const std::uint32_t tag = has(position) ? values_[position].tag : KNACK_VALUE_NONE;
    throw Error(KNACK_STATUS_INVALID, "argument " + std::to_string(position + 1) + ": expected " +
                                          expected + ", found " + ValueView::describe(tag));
  }

  const knack_value_t* values_;
  std::size_t count_;
};

/// What an operator gives: tensors, a number, or one list of tensors.
class FakeResults {
 public:
  FakeResults(FakeTensor tensor) {
    tensors_.push_back(std::move(tensor));
  }
  FakeResults(FakeScalar number) : number_(number) {}
  static FakeResults several(std::vector<FakeTensor> tensors) {
    return FakeResults(std::move(tensors), false);
  }
  static FakeResults list(std::vector<FakeTensor> tensors) {
    return FakeResults(std::move(tensors), true);
  }
  static FakeResults none() {
    return FakeResults({}, false);
  }

  [[nodiscard]] const std::vector<FakeTensor>& tensors() const {
    return tensors_;
  }

  /// Writes as many results as there is room for; returns how many there are.
  std::uint64_t give(knack_value_t* out, std::uint64_t capacity) const {
    if (number_ || is_list_) {
      if (capacity > 0) out[0] = number_ ? number_value(*number_) : list_value();
      return 1;
    }
    for (std::size_t i = 0; i < tensors_.size() && i < capacity; ++i) {
      out[i] = tensor_value(tensors_[i]);
    }
    return tensors_.size();
  }

 private:
  FakeResults(std::vector<FakeTensor> tensors, bool is_list)
      : tensors_(std::move(tensors)), is_list_(is_list) {}

  static knack_value_t tensor_value(const FakeTensor& tensor) {
    knack_value_t value{};
    value.tag = KNACK_VALUE_TENSOR;
    value.as.tensor = give_handle(tensor);
    return value;
  }
  static knack_value_t number_value(const FakeScalar& number) {
    knack_value_t value{};
    value.tag = number.is_floating()               ? KNACK_VALUE_FLOAT
                : number.dtype == KNACK_DTYPE_BOOL ? KNACK_VALUE_BOOL
                                                   : KNACK_VALUE_INT;
    number.is_floating() ? value.as.f64 = number.real : value.as.i64 = number.integer;
    return value;
  }
  [[nodiscard]] knack_value_t list_value() const {
    auto* items = static_cast<knack_value_t*>(
        current_ledger().allocate(tensors_.size() * sizeof(knack_value_t)));
    if (items == nullptr) throw std::bad_alloc();
    for (std::size_t i = 0; i < tensors_.size(); ++i) items[i] = tensor_value(tensors_[i]);
    knack_value_t value{};
    value.tag = KNACK_VALUE_LIST;
    value.count = tensors_.size();
    value.as.items = items;
    return value;
  }

  std::vector<FakeTensor> tensors_;
  std::optional<FakeScalar> number_;
  bool is_list_ = false;
};

/// One operator of one overload.
struct FakeOperator {
  using Function = std::function<FakeResults(const FakeArguments&)>;

  std::string name;  ///< "aten::lerp_.Scalar"
  std::size_t parameter_count = 0;
  Function function;
};

class FakeOperators {
 public:
  using Function = FakeOperator::Function;

  /// `parameter_count` is that of the operator's schema in LibTorch.
  void add(const std::string& name, const std::string& overload, std::size_t parameter_count,
           Function function) {
    const std::string full = "aten::" + name + (overload.empty() ? "" : "." + overload);
    operators_[full] = {full, parameter_count, std::move(function)};
  }
  /// Throws Error(KNACK_STATUS_NOT_FOUND).
  [[nodiscard]] const FakeOperator& find(const std::string& name,
                                         const std::string& overload) const {
    const auto found = operators_.find(name + (overload.empty() ? "" : "." + overload));
    if (found != operators_.end()) return found->second;
    throw Error(KNACK_STATUS_NOT_FOUND, name +
                                            ": the fake host has no such operator with overload '" +
                                            overload + "'; test what needs it in a run of knack");
  }
  [[nodiscard]] const std::map<std::string, FakeOperator>& all() const {
    return operators_;
  }

 private:
  std::map<std::string, FakeOperator> operators_;
};

}  // namespace knack::testing
