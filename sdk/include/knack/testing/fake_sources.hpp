// SPDX-License-Identifier: MIT
// Fake operators that make tensors, convert them and take numbers out. Part of fake_operators.hpp.
#pragma once

#include <knack/testing/fake_elementwise.hpp>

#include <numbers>

namespace knack::testing::fake {

inline FakeTensor filled(std::vector<std::int64_t> sizes, std::int32_t dtype,
                         const FakeScalar& value) {
  for (const std::int64_t size : sizes) {
    if (size < 0) refuse("expected sizes of 0 or more, found " + std::to_string(size));
  }
  FakeTensor result(dtype, std::move(sizes));
  assign(result, value.tensor());
  return result;
}

inline std::int32_t type_of_number(const FakeScalar& number) {
  return number.is_floating() ? std::int32_t{KNACK_DTYPE_FLOAT32} : number.dtype;
}

/// Uniform in [0, 1), or normally distributed by the method of Box and Muller; from the stream of the
/// host that was made last.
inline FakeTensor drawn(std::vector<std::int64_t> sizes, std::int32_t dtype, bool is_normal) {
  if (category(dtype) != 2) refuse("random numbers: expected a floating point type");
  const FakeTensor result = filled(std::move(sizes), dtype, FakeScalar::of(0.0));
  for (std::int64_t i = 0; i < result.numel(); ++i) {
    double number = current_ledger().next_uniform();
    if (is_normal) {
      const double angle = 2 * std::numbers::pi * current_ledger().next_uniform();
      number = std::sqrt(-2 * std::log(1 - number)) * std::cos(angle);
    }
    // A float that is rounded up to 1 would lie outside.
    result.set(i, is_normal ? number : std::min(number, 1 - 0x1p-24));
  }
  return result;
}

/// Constants of a shape: "zeros" and the like, and those like another tensor.
inline void add_constants(FakeOperators& all) {
  const auto add = [&all](const std::string& name, const char* overload, std::int64_t value,
                          std::size_t parameters) {
    all.add(name, overload, parameters, [value](const Arguments& a) -> Results {
      return filled(a.integers(0), a.dtype(1, KNACK_DTYPE_FLOAT32), FakeScalar::of(value));
    });
    all.add(name + "_like", "", 6, [value](const Arguments& a) -> Results {
      const FakeTensor& self = a.tensor(0);
      return filled(self.sizes, a.dtype(1, self.dtype), FakeScalar::of(value));
    });
    all.add("new_" + name, "", 6, [value](const Arguments& a) -> Results {
      return filled(a.integers(1), a.dtype(2, a.tensor(0).dtype), FakeScalar::of(value));
    });
  };
  add("zeros", "", 0, 5);
  add("ones", "", 1, 5);
  add("empty", "memory_format", -1, 6);
  all.add("full", "", 6, [](const Arguments& a) -> Results {
    return filled(a.integers(0), a.dtype(2, type_of_number(a.scalar(1))), a.scalar(1));
  });
  all.add("full_like", "", 7, [](const Arguments& a) -> Results {
    return filled(a.tensor(0).sizes, a.dtype(2, a.tensor(0).dtype), a.scalar(1));
  });
  all.add("scalar_tensor", "", 5, [](const Arguments& a) -> Results {
    return filled({}, a.dtype(1, KNACK_DTYPE_FLOAT32), a.scalar(0));
  });
}

inline FakeTensor count_up(const FakeScalar& start, const FakeScalar& end, const FakeScalar& step,
                           std::optional<std::int32_t> dtype) {
  if (step.real == 0 || (end.real - start.real) * step.real < 0) {
    refuse("arange: the step does not lead from the start to the end");
  }
  const bool is_floating = start.is_floating() || end.is_floating() || step.is_floating();
  const auto count = static_cast<std::int64_t>(std::ceil((end.real - start.real) / step.real));
  FakeTensor result(dtype.value_or(is_floating ? KNACK_DTYPE_FLOAT32 : KNACK_DTYPE_INT64), {count});
  for (std::int64_t i = 0; i < count; ++i) {
    if (is_floating) {
      result.set(i, start.real + static_cast<double>(i) * step.real);
    } else {
      result.set(i, start.integer + i * step.integer);
    }
  }
  return result;
}

inline void add_ranges(FakeOperators& all) {
  const auto dtype = [](const Arguments& a, std::size_t position) {
    return a.has(position) ? std::optional(a.dtype(position, 0)) : std::nullopt;
  };
  const FakeScalar zero = FakeScalar::of(std::int64_t{0});
  const FakeScalar one = FakeScalar::of(std::int64_t{1});
  all.add("arange", "", 5, [=](const Arguments& a) -> Results {
    return count_up(zero, a.scalar(0), one, dtype(a, 1));
  });
  all.add("arange", "start", 6, [=](const Arguments& a) -> Results {
    return count_up(a.scalar(0), a.scalar(1), one, dtype(a, 2));
  });
  all.add("arange", "start_step", 7, [=](const Arguments& a) -> Results {
    return count_up(a.scalar(0), a.scalar(1), a.scalar(2, one), dtype(a, 3));
  });
}

inline void add_random(FakeOperators& all) {
  for (const bool is_normal : {false, true}) {
    const std::string name = is_normal ? "randn" : "rand";
    all.add(name, "", 5, [is_normal](const Arguments& a) -> Results {
      return drawn(a.integers(0), a.dtype(1, KNACK_DTYPE_FLOAT32), is_normal);
    });
    all.add(name + "_like", "", 6, [is_normal](const Arguments& a) -> Results {
      return drawn(a.tensor(0).sizes, a.dtype(1, a.tensor(0).dtype), is_normal);
    });
    // normal_(mean, std) and uniform_(from, to)
    all.add(is_normal ? "normal_" : "uniform_", "", 4, [is_normal](const Arguments& a) -> Results {
      const FakeTensor& self = a.tensor(0);
      const double first = a.real(1, 0);
      const double second = a.real(2, 1);
      const FakeTensor numbers = drawn(self.sizes, self.dtype, is_normal);
      for (std::int64_t i = 0; i < numbers.numel(); ++i) {
        numbers.set(i, first + (is_normal ? second : second - first) * numbers.get(i));
      }
      return store(self, numbers);
    });
  }
}

inline void add_copies(FakeOperators& all) {
  all.add("clone", "", 2, [](const Arguments& a) -> Results { return a.tensor(0).clone(); });
  all.add("detach", "", 1, [](const Arguments& a) -> Results {
    FakeTensor result = a.tensor(0);
    result.requires_grad = false;
    return result;
  });
  all.add("requires_grad_", "", 2, [](const Arguments& a) -> Results {
    const bool wanted = a.boolean(1, true);
    if (wanted && category(a.tensor(0).dtype) != 2) refuse("only floating point has gradients");
    a.tensor(0).requires_grad = wanted;
    return a.tensor(0);
  });
  all.add("contiguous", "", 2, [](const Arguments& a) -> Results {
    return a.tensor(0).is_contiguous() ? a.tensor(0) : a.tensor(0).clone();
  });
  all.add("to", "dtype", 5, [](const Arguments& a) -> Results {
    const FakeTensor& self = a.tensor(0);
    const std::int32_t dtype = a.dtype(1, self.dtype);
    const bool must_copy = a.boolean(3, false);
    return dtype == self.dtype && !must_copy ? self : convert(self, dtype);
  });
  all.add("item", "", 1, [](const Arguments& a) -> Results {
    const FakeTensor& self = a.tensor(0);
    if (self.numel() != 1) refuse("item: expected a tensor of one element");
    if (self.dtype == KNACK_DTYPE_BOOL) return FakeScalar::of(self.get<bool>(0));
    if (category(self.dtype) == 1) return FakeScalar::of(self.get<std::int64_t>(0));
    return FakeScalar::of(self.get<double>(0));
  });
}

inline void add_sources(FakeOperators& all) {
  add_constants(all);
  add_ranges(all);
  add_random(all);
  add_copies(all);
}

}  // namespace knack::testing::fake
