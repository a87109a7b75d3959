// SPDX-License-Identifier: MIT
// Fake operators that make fewer elements of many. Part of fake_operators.hpp.
#pragma once

#include <knack/testing/fake_elementwise.hpp>

#include <numeric>

namespace knack::testing::fake {

/// A dimension that may count from the end. Throws Error when there is none.
inline std::size_t dimension_of(const FakeTensor& tensor, std::int64_t dim,
                                std::int64_t extra = 0) {
  const std::int64_t count = std::max<std::int64_t>(tensor.dim() + extra, 1);
  if (dim < -count || dim >= count) {
    refuse("dimension out of range: expected " + std::to_string(-count) + " to " +
           std::to_string(count - 1) + ", found " + std::to_string(dim));
  }
  return static_cast<std::size_t>(dim < 0 ? dim + count : dim);
}

/// Which dimensions go, of a list that means all when it is empty or left out.
inline std::vector<bool> reduced_dims(const FakeTensor& tensor, const Arguments& arguments,
                                      std::size_t position) {
  std::vector<bool> reduced(tensor.sizes.size(), false);
  const bool are_given = arguments.has(position);
  const auto dims = are_given ? arguments.integers(position) : std::vector<std::int64_t>{};
  if (dims.empty()) reduced.assign(reduced.size(), true);
  for (const std::int64_t dim : dims) {
    const std::size_t index = dimension_of(tensor, dim);
    if (index < reduced.size()) reduced[index] = true;
  }
  return reduced;
}

/// Calls `reduce` with the elements that become one, in row-major order, for each one of the result.
template <typename Number, typename Reduce>
FakeTensor reduce_elements(const FakeTensor& tensor, const std::vector<bool>& reduced, bool keepdim,
                           std::int32_t out_type, const Reduce& reduce) {
  FakeTensor kept = tensor;   // over the dimensions that stay
  FakeTensor inner = tensor;  // over those that go
  std::vector<std::int64_t> shape;
  for (std::size_t i = 0; i < reduced.size(); ++i) {
    (reduced[i] ? kept : inner).sizes[i] = 1;
    if (!reduced[i] || keepdim) shape.push_back(kept.sizes[i]);
  }
  FakeTensor out(out_type, shape);
  for (std::int64_t i = 0; i < out.numel(); ++i) {
    inner.offset = tensor.offset + kept.place_of(i);
    reduce(elements<Number>(inner), [&](auto number) { out.set(i, number); });
  }
  return out;
}

inline FakeTensor sum(const FakeTensor& self, const std::vector<bool>& reduced, bool keepdim,
                      std::int32_t dtype) {
  const auto add_up = [](const auto& numbers, const auto& give) {
    give(std::accumulate(numbers.begin(), numbers.end(), decltype(numbers[0] + 0)(0)));
  };
  if (category(dtype) == 2) return reduce_elements<double>(self, reduced, keepdim, dtype, add_up);
  return reduce_elements<std::int64_t>(self, reduced, keepdim, dtype, add_up);
}

inline FakeTensor mean(const FakeTensor& self, const std::vector<bool>& reduced, bool keepdim,
                       std::int32_t dtype) {
  if (category(dtype) != 2) refuse("mean: expected a floating point type");
  return reduce_elements<double>(self, reduced, keepdim, dtype,
                                 [](const std::vector<double>& numbers, const auto& give) {
                                   give(std::accumulate(numbers.begin(), numbers.end(), 0.0) /
                                        static_cast<double>(numbers.size()));
                                 });
}

/// sum and mean: over all, or over dimensions.
inline void add_sums(FakeOperators& all) {
  const auto sum_type = [](const FakeTensor& self) {
    return category(self.dtype) == 2 ? self.dtype : std::int32_t{KNACK_DTYPE_INT64};
  };
  all.add("sum", "", 2, [=](const Arguments& a) -> Results {
    const FakeTensor& self = a.tensor(0);
    return sum(self, std::vector<bool>(self.sizes.size(), true), false, a.dtype(1, sum_type(self)));
  });
  all.add("sum", "dim_IntList", 4, [=](const Arguments& a) -> Results {
    const FakeTensor& self = a.tensor(0);
    return sum(self, reduced_dims(self, a, 1), a.boolean(2, false), a.dtype(3, sum_type(self)));
  });
  all.add("mean", "", 2, [](const Arguments& a) -> Results {
    const FakeTensor& self = a.tensor(0);
    return mean(self, std::vector<bool>(self.sizes.size(), true), false, a.dtype(1, self.dtype));
  });
  all.add("mean", "dim", 4, [](const Arguments& a) -> Results {
    const FakeTensor& self = a.tensor(0);
    return mean(self, reduced_dims(self, a, 1), a.boolean(2, false), a.dtype(3, self.dtype));
  });
}

/// The place of the largest or smallest number; NaN is more than either.
template <typename Number>
std::size_t extreme(const std::vector<Number>& numbers, bool largest) {
  if (numbers.empty()) refuse("expected at least one element, found none");
  std::size_t best = 0;
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    if (numbers[best] != numbers[best]) break;
    const bool is_better = largest ? numbers[i] > numbers[best] : numbers[i] < numbers[best];
    if (is_better || numbers[i] != numbers[i]) best = i;
  }
  return best;
}

/// The extreme elements, or their places along the dimension that goes.
inline FakeTensor extremes(const FakeTensor& self, const std::vector<bool>& reduced, bool keepdim,
                           bool largest, bool wants_places) {
  const auto find = [&](const auto& numbers, const auto& give) {
    const std::size_t place = extreme(numbers, largest);
    wants_places ? give(static_cast<std::int64_t>(place)) : give(numbers[place]);
  };
  const std::int32_t type = wants_places ? std::int32_t{KNACK_DTYPE_INT64} : self.dtype;
  if (category(self.dtype) == 2) return reduce_elements<double>(self, reduced, keepdim, type, find);
  return reduce_elements<std::int64_t>(self, reduced, keepdim, type, find);
}

inline void add_extremes(FakeOperators& all) {
  for (const bool largest : {true, false}) {
    const std::string name = largest ? "max" : "min";
    all.add(name, "", 1, [largest](const Arguments& a) -> Results {
      const FakeTensor& self = a.tensor(0);
      return extremes(self, std::vector<bool>(self.sizes.size(), true), false, largest, false);
    });
    all.add(name, "dim", 3, [largest](const Arguments& a) {
      const FakeTensor& self = a.tensor(0);
      const std::vector<bool> reduced = reduced_dims(self, a, 1);
      const bool keepdim = a.boolean(2, false);
      return Results::several({extremes(self, reduced, keepdim, largest, false),
                               extremes(self, reduced, keepdim, largest, true)});
    });
    all.add("a" + name, "", 3, [largest](const Arguments& a) -> Results {
      const FakeTensor& self = a.tensor(0);
      return extremes(self, reduced_dims(self, a, 1), a.boolean(2, false), largest, false);
    });
    all.add("arg" + name, "", 3, [largest](const Arguments& a) -> Results {
      const FakeTensor& self = a.tensor(0);
      if (self.dtype == KNACK_DTYPE_BOOL) refuse("argmax and argmin take no booleans");
      return extremes(self, reduced_dims(self, a, 1), a.has(1) && a.boolean(2, false), largest,
                      true);
    });
  }
}

/// (sum |x|^p)^(1/p); p may be infinite.
inline FakeTensor norm(const FakeTensor& self, double p, const std::vector<bool>& reduced,
                       bool keepdim) {
  if (category(self.dtype) != 2) refuse("norm: expected a floating point tensor");
  return reduce_elements<double>(
      self, reduced, keepdim, self.dtype,
      [p](const std::vector<double>& numbers, const auto& give) {
        if (std::isinf(p) && numbers.empty()) refuse("norm: no elements have a largest one");
        double total = 0;
        double largest = 0;
        for (const double number : numbers) {
          total += p == 0 ? (number != 0 ? 1.0 : 0.0) : std::pow(std::fabs(number), p);
          if (!(std::fabs(number) <= largest)) largest = std::fabs(number);  // NaN too
        }
        give(p == 0 ? total : std::isinf(p) ? largest : std::pow(total, 1 / p));
      });
}

inline FakeTensor variance(const FakeTensor& self, const std::vector<bool>& reduced, bool keepdim,
                           double correction, bool take_root = false) {
  if (category(self.dtype) != 2) refuse("var: expected a floating point tensor");
  return reduce_elements<double>(
      self, reduced, keepdim, self.dtype,
      [=](const std::vector<double>& numbers, const auto& give) {
        const auto count = static_cast<double>(numbers.size());
        const double mean = std::accumulate(numbers.begin(), numbers.end(), 0.0) / count;
        double squares = 0;
        for (const double number : numbers) squares += (number - mean) * (number - mean);
        const double result = squares / std::max(count - correction, 0.0);
        give(take_root ? std::sqrt(result) : result);
      });
}

inline void add_statistics(FakeOperators& all) {
  const auto everything = [](const FakeTensor& self) {
    return std::vector<bool>(self.sizes.size(), true);
  };
  all.add("norm", "Scalar", 2, [=](const Arguments& a) -> Results {
    return norm(a.tensor(0), a.real(1, 2), everything(a.tensor(0)), false);
  });
  all.add("norm", "ScalarOpt_dim", 4, [](const Arguments& a) -> Results {
    return norm(a.tensor(0), a.real(1, 2), reduced_dims(a.tensor(0), a, 2), a.boolean(3, false));
  });
  all.add("linalg_vector_norm", "", 5, [](const Arguments& a) -> Results {
    return norm(a.tensor(0), a.real(1, 2), reduced_dims(a.tensor(0), a, 2), a.boolean(3, false));
  });
  all.add("var_mean", "correction", 4, [](const Arguments& a) {
    const FakeTensor& self = a.tensor(0);
    const std::vector<bool> reduced = reduced_dims(self, a, 1);
    const bool keepdim = a.boolean(3, false);
    return Results::several(
        {variance(self, reduced, keepdim, a.real(2, 1)), mean(self, reduced, keepdim, self.dtype)});
  });
  for (const bool take_root : {false, true}) {
    all.add(take_root ? "std" : "var", "correction", 4, [take_root](const Arguments& a) -> Results {
      return variance(a.tensor(0), reduced_dims(a.tensor(0), a, 1), a.boolean(3, false),
                      a.real(2, 1), take_root);
    });
  }
}

inline void add_quantifiers(FakeOperators& all) {
  for (const bool wants_all : {true, false}) {
    const std::string name = wants_all ? "all" : "any";
    const auto judge = [wants_all](const FakeTensor& self, const std::vector<bool>& reduced,
                                   bool keepdim) {
      const std::int32_t type =
          self.dtype == KNACK_DTYPE_UINT8 ? std::int32_t{KNACK_DTYPE_UINT8} : KNACK_DTYPE_BOOL;
      return reduce_elements<double>(
          self, reduced, keepdim, type,
          [wants_all](const std::vector<double>& numbers, const auto& give) {
            const auto is_set = [](double number) { return number != 0; };
            give(std::int64_t{wants_all ? std::all_of(numbers.begin(), numbers.end(), is_set)
                                        : std::any_of(numbers.begin(), numbers.end(), is_set)});
          });
    };
    all.add(name, "", 1, [judge](const Arguments& a) -> Results {
      return judge(a.tensor(0), std::vector<bool>(a.tensor(0).sizes.size(), true), false);
    });
    all.add(name, "dim", 3, [judge](const Arguments& a) -> Results {
      return judge(a.tensor(0), reduced_dims(a.tensor(0), a, 1), a.boolean(2, false));
    });
  }
}

inline void add_reductions(FakeOperators& all) {
  add_sums(all);
  add_extremes(all);
  add_statistics(all);
  add_quantifiers(all);
}

}  // namespace knack::testing::fake
