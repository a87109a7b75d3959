// SPDX-License-Identifier: MIT
// Fake operators that work element by element. Part of fake_operators.hpp.
#pragma once

#include <knack/testing/fake_numbers.hpp>

#include <cmath>

namespace knack::testing::fake {

using Arguments = FakeArguments;
using Results = FakeResults;

/// What type a function of elements gives for a common type of its inputs.
enum class Gives { same, floating, boolean };

/// What the operands are, from the arguments.
using Reader = std::function<Operands(const Arguments&)>;

/// Registers `name` with this overload, and `name_` if the function also works in place.
inline void add_mapping(FakeOperators& all, const std::string& name, const std::string& overload,
                        std::size_t parameter_count, const Reader& read, const Kernel& kernel,
                        Gives gives = Gives::same, bool in_place = true) {
  const auto run = [=](const Arguments& arguments) {
    const Operands operands = read(arguments);
    std::int32_t common = result_type(operands);
    if (gives == Gives::floating) common = floating_type(common);
    const bool is_boolean = gives == Gives::boolean;
    return map_elements(operands, common, is_boolean ? KNACK_DTYPE_BOOL : common, kernel);
  };
  all.add(name, overload, parameter_count,
          [run](const Arguments& arguments) -> Results { return run(arguments); });
  if (!in_place) return;
  all.add(name + "_", overload, parameter_count, [run](const Arguments& arguments) -> Results {
    return store(arguments.tensor(0), run(arguments));
  });
}

inline void add_unary(FakeOperators& all, const std::string& name, const Kernel& kernel,
                      Gives gives = Gives::same, bool in_place = true) {
  const Reader read = [](const Arguments& arguments) { return Operands{arguments.tensor(0)}; };
  add_mapping(all, name, "", 1, read, kernel, gives, in_place);
}

/// Overloads "Tensor" and "Scalar".
inline void add_binary(FakeOperators& all, const std::string& name, const Kernel& kernel,
                       Gives gives = Gives::same, bool in_place = true) {
  const auto tensors = [](const Arguments& arguments) {
    return Operands{arguments.tensor(0), arguments.tensor(1)};
  };
  const auto numbers = [](const Arguments& arguments) {
    return Operands{arguments.tensor(0), arguments.scalar(1)};
  };
  add_mapping(all, name, "Tensor", 2, tensors, kernel, gives, in_place);
  add_mapping(all, name, "Scalar", 2, numbers, kernel, gives, in_place);
}

/// The same for operators with a factor: self and alpha * other.
inline void add_scaled(FakeOperators& all, const std::string& name, const Kernel& kernel,
                       bool in_place = true) {
  const auto check = [](const Operands& operands, const Kernel& kernel) {
    for (const Operand& operand : operands) {
      const bool is_boolean = operand.decides && operand.tensor.dtype == KNACK_DTYPE_BOOL;
      if (is_boolean && !kernel.takes_booleans) refuse("subtraction takes no booleans");
    }
    return operands;
  };
  const auto alpha = [](const Arguments& arguments) {
    return Operand::factor(arguments.scalar(2, FakeScalar::of(std::int64_t{1})));
  };
  const auto tensors = [=](const Arguments& arguments) {
    return check({arguments.tensor(0), arguments.tensor(1), alpha(arguments)}, kernel);
  };
  const auto numbers = [=](const Arguments& arguments) {
    return check({arguments.tensor(0), arguments.scalar(1), alpha(arguments)}, kernel);
  };
  add_mapping(all, name, "Tensor", 3, tensors, kernel, Gives::same, in_place);
  add_mapping(all, name, "Scalar", 3, numbers, kernel, Gives::same, in_place);
}

// Integers wrap around, as they do in LibTorch.
inline std::int64_t wrapping(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}
inline std::uint64_t bits(std::int64_t number) {
  return static_cast<std::uint64_t>(number);
}

inline void check_exponent(std::int64_t exponent) {
  if (exponent < 0) refuse("integers to negative integer powers are not allowed");
}

inline std::int64_t integer_power(std::int64_t base, std::int64_t exponent) {
  check_exponent(exponent);
  std::uint64_t result = 1;
  for (; exponent > 0; --exponent) result *= bits(base);
  return wrapping(result);
}

inline void add_arithmetic(FakeOperators& all) {
  add_scaled(
      all, "add",
      {[](const double* x) { return x[0] + x[1] * x[2]; },
       [](const std::int64_t* x) { return wrapping(bits(x[0]) + bits(x[1]) * bits(x[2])); }});
  add_scaled(all, "sub",
             {[](const double* x) { return x[0] - x[1] * x[2]; },
              [](const std::int64_t* x) { return wrapping(bits(x[0]) - bits(x[1]) * bits(x[2])); },
              false});
  add_scaled(
      all, "rsub",
      {[](const double* x) { return x[1] - x[0] * x[2]; },
       [](const std::int64_t* x) { return wrapping(bits(x[1]) - bits(x[0]) * bits(x[2])); }, false},
      false);
  add_binary(all, "mul",
             {[](const double* x) { return x[0] * x[1]; },
              [](const std::int64_t* x) { return wrapping(bits(x[0]) * bits(x[1])); }});
  add_binary(all, "div", {[](const double* x) { return x[0] / x[1]; }}, Gives::floating);
  const Kernel power{[](const double* x) { return std::pow(x[0], x[1]); },
                     [](const std::int64_t* x) { return integer_power(x[0], x[1]); }};
  const auto tensors = [](const Arguments& arguments) {
    const bool are_booleans = arguments.tensor(0).dtype == KNACK_DTYPE_BOOL &&
                              arguments.tensor(1).dtype == KNACK_DTYPE_BOOL;
    if (are_booleans) refuse("pow: takes no booleans");
    return Operands{arguments.tensor(0), arguments.tensor(1)};
  };
  const auto numbers = [](const Arguments& arguments) {
    if (category(arguments.tensor(0).dtype) < 2) check_exponent(arguments.scalar(1).integer);
    return Operands{arguments.tensor(0), arguments.scalar(1)};
  };
  add_mapping(all, "pow", "Tensor_Tensor", 2, tensors, power, Gives::same, false);
  add_mapping(all, "pow", "Tensor_Scalar", 2, numbers, power, Gives::same, false);
  for (const auto& [overload, read] : {std::pair<const char*, Reader>{"Tensor", tensors},
                                       std::pair<const char*, Reader>{"Scalar", numbers}}) {
    all.add("pow_", overload, 2, [read = read, power](const Arguments& arguments) -> Results {
      const Operands operands = read(arguments);
      const std::int32_t common = result_type(operands);
      return store(arguments.tensor(0), map_elements(operands, common, common, power));
    });
  }
  const auto square = [power](const Arguments& arguments) {
    const Operands operands{arguments.tensor(0), FakeScalar::of(std::int64_t{2})};
    return map_elements(operands, result_type(operands), result_type(operands), power);
  };
  all.add("square", "", 1,
          [square](const Arguments& arguments) -> Results { return square(arguments); });
  all.add("square_", "", 1, [square](const Arguments& arguments) -> Results {
    return store(arguments.tensor(0), square(arguments));
  });
  const auto any_tensors = [](const Arguments& arguments) {
    return Operands{arguments.tensor(0), arguments.tensor(1)};
  };
  add_mapping(all, "maximum", "", 2, any_tensors,
              {[](const double* x) { return x[0] > x[1] || std::isnan(x[0]) ? x[0] : x[1]; },
               [](const std::int64_t* x) { return std::max(x[0], x[1]); }},
              Gives::same, false);
  add_mapping(all, "minimum", "", 2, any_tensors,
              {[](const double* x) { return x[0] < x[1] || std::isnan(x[0]) ? x[0] : x[1]; },
               [](const std::int64_t* x) { return std::min(x[0], x[1]); }},
              Gives::same, false);
}

inline void add_comparisons(FakeOperators& all) {
  // One comparison for floating point numbers and the same for integers.
#define KNACK_COMPARE(name, symbol)                                                          \
  add_binary(all, name,                                                                      \
             {[](const double* x) { return x[0] symbol x[1] ? 1.0 : 0.0; },                  \
              [](const std::int64_t* x) { return std::int64_t{x[0] symbol x[1] ? 1 : 0}; }}, \
             Gives::boolean, false)
  KNACK_COMPARE("eq", ==);
  KNACK_COMPARE("ne", !=);
  KNACK_COMPARE("lt", <);
  KNACK_COMPARE("le", <=);
  KNACK_COMPARE("gt", >);
  KNACK_COMPARE("ge", >=);
#undef KNACK_COMPARE
  const auto tensors = [](const Arguments& arguments) {
    return Operands{arguments.tensor(0), arguments.tensor(1)};
  };
  add_mapping(all, "logical_and", "", 2, tensors,
              {[](const double* x) { return x[0] != 0 && x[1] != 0 ? 1.0 : 0.0; },
               [](const std::int64_t* x) { return std::int64_t{x[0] != 0 && x[1] != 0}; }},
              Gives::boolean, false);
  add_mapping(all, "logical_or", "", 2, tensors,
              {[](const double* x) { return x[0] != 0 || x[1] != 0 ? 1.0 : 0.0; },
               [](const std::int64_t* x) { return std::int64_t{x[0] != 0 || x[1] != 0}; }},
              Gives::boolean, false);
  add_unary(all, "logical_not",
            {[](const double* x) { return x[0] == 0 ? 1.0 : 0.0; },
             [](const std::int64_t* x) { return std::int64_t{x[0] == 0}; }},
            Gives::boolean, false);
  add_unary(all, "isnan",
            {[](const double* x) { return std::isnan(x[0]) ? 1.0 : 0.0; },
             [](const std::int64_t*) { return std::int64_t{0}; }},
            Gives::boolean, false);
  add_unary(all, "isfinite",
            {[](const double* x) { return std::isfinite(x[0]) ? 1.0 : 0.0; },
             [](const std::int64_t*) { return std::int64_t{1}; }},
            Gives::boolean, false);
}

inline void add_unaries(FakeOperators& all) {
  add_unary(all, "neg",
            {[](const double* x) { return -x[0]; },
             [](const std::int64_t* x) { return wrapping(-bits(x[0])); }, false});
  add_unary(all, "abs",
            {[](const double* x) { return std::fabs(x[0]); },
             [](const std::int64_t* x) { return x[0] < 0 ? wrapping(-bits(x[0])) : x[0]; }, false});
  add_unary(
      all, "sign",
      {[](const double* x) { return x[0] > 0   ? 1.0
                                    : x[0] < 0 ? -1.0
                                               : 0.0; },
       [](const std::int64_t* x) { return std::int64_t{x[0] > 0} - std::int64_t{x[0] < 0}; }});
  add_unary(all, "relu",
            {[](const double* x) { return x[0] <= 0 ? 0.0 : x[0]; },
             [](const std::int64_t* x) { return std::max<std::int64_t>(x[0], 0); }, false});
  add_unary(all, "floor",
            {[](const double* x) { return std::floor(x[0]); },
             [](const std::int64_t* x) { return x[0]; }, false});
  add_unary(all, "ceil",
            {[](const double* x) { return std::ceil(x[0]); },
             [](const std::int64_t* x) { return x[0]; }, false});
  const auto floating = [&all](const char* name, double (*function)(const double*)) {
    add_unary(all, name, {function}, Gives::floating);
  };
  floating("exp", [](const double* x) { return std::exp(x[0]); });
  floating("log", [](const double* x) { return std::log(x[0]); });
  floating("sqrt", [](const double* x) { return std::sqrt(x[0]); });
  floating("rsqrt", [](const double* x) { return 1 / std::sqrt(x[0]); });
  floating("reciprocal", [](const double* x) { return 1 / x[0]; });
  floating("sigmoid", [](const double* x) { return 1 / (1 + std::exp(-x[0])); });
  floating("tanh", [](const double* x) { return std::tanh(x[0]); });
  floating("sin", [](const double* x) { return std::sin(x[0]); });
  floating("cos", [](const double* x) { return std::cos(x[0]); });
}

/// Bounds that are not given do not bound, and do not decide the type.
inline FakeTensor clamp(const FakeTensor& self, const std::optional<FakeScalar>& low,
                        const std::optional<FakeScalar>& high) {
  Operands operands{self};
  if (low) operands.emplace_back(*low);
  if (high) operands.emplace_back(*high);
  const std::int32_t common = result_type(operands);
  FakeTensor result = convert(self, common);
  if (low) {
    result = map_elements({result, *low}, common, common,
                          {[](const double* x) { return x[0] < x[1] ? x[1] : x[0]; },
                           [](const std::int64_t* x) { return std::max(x[0], x[1]); }});
  }
  if (high) {
    result = map_elements({result, *high}, common, common,
                          {[](const double* x) { return x[0] > x[1] ? x[1] : x[0]; },
                           [](const std::int64_t* x) { return std::min(x[0], x[1]); }});
  }
  return result;
}

inline void add_clamps(FakeOperators& all) {
  using Bound = std::optional<FakeScalar>;
  const auto add = [&all](const std::string& name, std::size_t parameters, const auto& run) {
    all.add(name, "", parameters, [run](const Arguments& a) -> Results { return run(a); });
    all.add(name + "_", "", parameters,
            [run](const Arguments& a) -> Results { return store(a.tensor(0), run(a)); });
  };
  const auto bound = [](const Arguments& a, std::size_t position) {
    return a.has(position) ? Bound(a.scalar(position)) : Bound();
  };
  add("clamp", 3,
      [bound](const Arguments& a) { return clamp(a.tensor(0), bound(a, 1), bound(a, 2)); });
  add("clamp_min", 2, [](const Arguments& a) { return clamp(a.tensor(0), a.scalar(1), {}); });
  add("clamp_max", 2, [](const Arguments& a) { return clamp(a.tensor(0), {}, a.scalar(1)); });
}

}  // namespace knack::testing::fake
