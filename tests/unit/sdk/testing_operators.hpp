// SPDX-License-Identifier: MIT
// Calls an operator of the fake host and LibTorch's own with the same arguments: both must give the
// same element types, shapes and numbers, or both refuse.
#pragma once

#include <knack/testing/fake_host.hpp>

#include <set>
#include <variant>

#include "tests/unit/sdk/host_operators.hpp"

namespace knack::testing {
using Ints = std::vector<std::int64_t>;
using Tensors = std::vector<at::Tensor>;
using Numbers = std::vector<double>;
using Argument =
    std::variant<std::monostate, at::Tensor, Tensors, bool, std::int64_t, double, Ints, Numbers>;
using CallArguments = std::vector<Argument>;

constexpr std::int64_t operator""_i(unsigned long long number) {
  return static_cast<std::int64_t>(number);
}
inline constexpr Argument kNone{};

/// The same elements at the same places in memory.
inline FakeTensor to_fake(const at::Tensor& tensor) {
  FakeTensor fake(static_cast<std::int32_t>(tensor.scalar_type()), {0});
  fake.sizes = tensor.sizes().vec();
  fake.strides = tensor.strides().vec();
  fake.offset = tensor.storage_offset();
  const std::size_t bytes = tensor.storage().nbytes();
  fake.storage =
      std::make_shared<FakeTensor::Storage>(bytes / sizeof(FakeTensor::Storage::value_type) + 1);
  std::memcpy(fake.storage->data(), tensor.storage().data(), bytes);
  return fake;
}

inline at::Tensor from_fake(const FakeTensor& fake) {
  at::Tensor tensor = at::empty(fake.sizes, static_cast<at::ScalarType>(fake.dtype));
  const FakeTensor copy = fake.clone();
  std::memcpy(tensor.data_ptr(), copy.data(), tensor.nbytes());
  return tensor;
}

/// Arguments as one of the two hosts takes them.
class Lowered {
 public:
  Lowered(const CallArguments& arguments, bool is_fake) : is_fake_(is_fake) {
    for (const Argument& argument : arguments) values.push_back(lower(argument));
  }
  std::vector<knack_value_t> values;

  /// What tensor `position` holds now.
  at::Tensor tensor(std::size_t position) const {
    const auto* handle = values[position].as.tensor;
    return is_fake_ ? from_fake(fake_tensor(const_cast<knack_tensor_t*>(handle)))
                    : *reinterpret_cast<const at::Tensor*>(handle);
  }

 private:
  knack_value_t lower(const at::Tensor& tensor) {
    knack_value_t value{};
    value.tag = KNACK_VALUE_TENSOR;
    if (is_fake_) {
      value.as.tensor = fakes_.emplace_back(to_fake(tensor)).handle();
    } else {
      // A copy with the same strides.
      at::Tensor copy = at::empty_strided(tensor.sizes(), tensor.strides(), tensor.options());
      reals_.push_back(copy.copy_(tensor));
      value.as.tensor = reinterpret_cast<knack_tensor_t*>(&reals_.back());
    }
    return value;
  }

  template <typename Elements>
  knack_value_t lower_list(const Elements& elements) {
    std::vector<knack_value_t>& items = lists_.emplace_back();
    for (const auto& element : elements) items.push_back(lower(Argument(element)));
    return {KNACK_VALUE_LIST, 0, items.size(), {.items = items.data()}};
  }

  knack_value_t lower(const Argument& argument) {
    if (const auto* tensor = std::get_if<at::Tensor>(&argument)) return lower(*tensor);
    if (const auto* list = std::get_if<Tensors>(&argument)) return lower_list(*list);
    if (const auto* list = std::get_if<Ints>(&argument)) return lower_list(*list);
    if (const auto* list = std::get_if<Numbers>(&argument)) return lower_list(*list);
    if (const auto* flag = std::get_if<bool>(&argument)) return Scalar(*flag).abi();
    if (const auto* number = std::get_if<std::int64_t>(&argument)) return Scalar(*number).abi();
    if (const auto* number = std::get_if<double>(&argument)) return Scalar(*number).abi();
    return {};
  }

  bool is_fake_;
  std::deque<at::Tensor> reals_;
  std::vector<LentTensor> fakes_;
  std::deque<std::vector<knack_value_t>> lists_;
};

struct Outcome {
  bool failed = false;
  std::string error;
  Tensors results;
  std::vector<double> numbers;
};

class TestingOperators : public HostOperators {
 protected:
  TestingOperators() : real_(knack::detail::aten_api()) {
    fake_host_.emplace();
    at::manual_seed(7);
  }

  /// Compares one call. Floating point numbers may differ in their last digits.
  void compare(const std::string& name, const std::string& overload,
               const CallArguments& arguments) {
    compared_.insert("aten::" + name + (overload.empty() ? "" : "." + overload));
    const Lowered for_real(arguments, false);
    const Lowered for_fake(arguments, true);
    const Outcome real = call(real_, name, overload, for_real, false);
    const Outcome fake = call(fake_aten_api(), name, overload, for_fake, true);
    SCOPED_TRACE(describe(name, overload, arguments) + (real.failed ? "\n" + real.error : "") +
                 (fake.failed ? "\n" + fake.error : ""));
    ASSERT_EQ(fake.failed, real.failed);
    if (real.failed) return;
    ASSERT_EQ(fake.results.size(), real.results.size());
    for (std::size_t i = 0; i < real.results.size(); ++i) {
      expect_same(fake.results[i], real.results[i]);
    }
    EXPECT_EQ(fake.numbers, real.numbers);
    if (name.back() != '_' || !std::holds_alternative<at::Tensor>(arguments[0])) return;
    expect_same(for_fake.tensor(0), for_real.tensor(0));
  }

  void compare_arithmetic();
  void compare_comparisons();
  void compare_unaries();
  void compare_combinations();
  void compare_reductions();
  void compare_products();
  void compare_classification();
  void compare_views();
  void compare_picks();
  void compare_sources();
  void compare_foreach();

  std::set<std::string> compared_;
  std::optional<FakeHost> fake_host_;

 private:
  static Outcome call(const knack_aten_api_t& api, const std::string& name,
                      const std::string& overload, const Lowered& arguments, bool is_fake) {
    Outcome outcome;
    const knack_operator_t* op = nullptr;
    EXPECT_EQ(api.find(("aten::" + name).c_str(), overload.c_str(), &op), KNACK_STATUS_OK) << name;
    std::array<knack_value_t, 4> results{};
    std::uint64_t count = 0;
    const std::int32_t status = api.call(op, arguments.values.data(), arguments.values.size(),
                                         results.data(), results.size(), &count);
    outcome.failed = status != KNACK_STATUS_OK;
    if (outcome.failed) outcome.error = knack::detail::from_abi(api.last_error());
    for (std::uint64_t i = 0; !outcome.failed && i < count; ++i) {
      collect(results[i], is_fake, outcome);
    }
    return outcome;
  }

  static void collect(const knack_value_t& value, bool is_fake, Outcome& outcome) {
    if (value.tag == KNACK_VALUE_TENSOR && is_fake) {
      outcome.results.push_back(from_fake(fake_tensor(value.as.tensor)));
      FakeHandles::all().release(value.as.tensor);
    } else if (value.tag == KNACK_VALUE_TENSOR) {
      auto* tensor = reinterpret_cast<at::Tensor*>(value.as.tensor);
      outcome.results.push_back(tensor->clone());
      delete tensor;
    } else if (value.tag == KNACK_VALUE_LIST) {
      for (std::uint64_t i = 0; i < value.count; ++i) {
        collect(value.as.items[i], is_fake, outcome);
      }
    } else {
      outcome.numbers.push_back(value.tag == KNACK_VALUE_FLOAT ? value.as.f64
                                                               : static_cast<double>(value.as.i64));
    }
  }

  static void expect_same(const at::Tensor& fake, const at::Tensor& real) {
    EXPECT_EQ(fake.scalar_type(), real.scalar_type());
    ASSERT_EQ(fake.sizes(), real.sizes());
    const bool is_same = real.is_floating_point()
                             ? at::allclose(fake, real.to(fake.scalar_type()), 2e-5, 1e-6, true)
                             : at::equal(fake, real);
    EXPECT_TRUE(is_same) << fake << "\nexpected\n" << real;
  }

  static std::string describe(const std::string& name, const std::string& overload,
                              const CallArguments& arguments) {
    std::ostringstream text;
    text << name << "." << overload;
    for (const Argument& argument : arguments) {
      text << ", ";
      if (const auto* tensor = std::get_if<at::Tensor>(&argument)) {
        text << tensor->scalar_type() << tensor->sizes();
      } else if (const auto* ints = std::get_if<Ints>(&argument)) {
        text << at::IntArrayRef(*ints);
      } else if (const auto* number = std::get_if<double>(&argument)) {
        text << *number;
      } else if (const auto* integer = std::get_if<std::int64_t>(&argument)) {
        text << *integer;
      } else {
        text << "#" << argument.index();
      }
    }
    return text.str();
  }

  const knack_aten_api_t& real_;
};

inline at::Tensor floats(at::IntArrayRef sizes) {
  return at::randn(sizes);
}

/// All element types, with and without dimensions, with gaps, and empty.
inline Tensors assorted() {
  return {floats({2, 3}),
          floats({3}),
          floats({2, 1}),
          floats({3, 2}).t(),
          floats({0, 3}),
          floats({}),
          at::randn({2, 3}, at::kDouble),
          at::randn({}, at::kDouble),
          at::randint(-4, 5, {2, 3}, at::kLong),
          at::randint(-4, 5, {}, at::kLong),
          at::randint(-4, 5, {3}, at::kInt),
          at::randint(0, 5, {3}, at::kByte),
          at::randint(0, 2, {2, 3}, at::kBool),
          at::randint(0, 2, {}, at::kBool)};
}

inline at::Tensor magnitude_of(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kBool ? tensor : tensor.abs();
}

inline CallArguments scalars() {
  return {2_i, -3_i, 2.5, 0.0, true};
}

}  // namespace knack::testing
