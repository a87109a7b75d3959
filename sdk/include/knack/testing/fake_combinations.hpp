// SPDX-License-Identifier: MIT
// Fake operators that combine three tensors, choose between two, or assign. Part of
// fake_operators.hpp.
#pragma once

#include <knack/testing/fake_elementwise.hpp>

namespace knack::testing::fake {

inline void add_combinations(FakeOperators& all) {
  const Kernel lerp{[](const double* x) {
    return x[2] > -0.5 && x[2] < 0.5 ? x[0] + x[2] * (x[1] - x[0])
                                     : x[1] - (x[1] - x[0]) * (1 - x[2]);
  }};
  const auto read_lerp = [](const Arguments& arguments, const Operand& weight) {
    if (arguments.tensor(0).dtype != arguments.tensor(1).dtype) {
      refuse("lerp: expected two tensors of one type");
    }
    return Operands{arguments.tensor(0), arguments.tensor(1), weight};
  };
  add_mapping(
      all, "lerp", "Scalar", 3,
      [read_lerp](const Arguments& arguments) {
        return read_lerp(arguments, Operand::factor(arguments.scalar(2)));
      },
      lerp);
  add_mapping(
      all, "lerp", "Tensor", 3,
      [read_lerp](const Arguments& arguments) {
        if (arguments.tensor(2).dtype != arguments.tensor(0).dtype) {
          refuse("lerp: expected a weight of the tensors' type");
        }
        return read_lerp(arguments, arguments.tensor(2));
      },
      lerp);
  const auto read_three = [](const Arguments& arguments) {
    return Operands{arguments.tensor(0), arguments.tensor(1), arguments.tensor(2),
                    Operand::factor(arguments.scalar(3, FakeScalar::of(std::int64_t{1})))};
  };
  add_mapping(all, "addcmul", "", 4, read_three,
              {[](const double* x) { return x[0] + x[3] * x[1] * x[2]; },
               [](const std::int64_t* x) {
                 return wrapping(bits(x[0]) + bits(x[3]) * bits(x[1]) * bits(x[2]));
               }});
  add_mapping(all, "addcdiv", "", 4, read_three,
              {[](const double* x) { return x[0] + x[3] * x[1] / x[2]; }});
}

/// Elements of `yes` where the condition holds, of `no` elsewhere.
inline FakeTensor choose(const FakeTensor& condition, const Operand& yes, const Operand& no) {
  const std::int32_t common = result_type({yes, no});
  Operand flag(condition);
  if (condition.dtype != KNACK_DTYPE_BOOL) refuse("where: expected a condition of booleans");
  return map_elements({flag, yes, no}, common, common,
                      {[](const double* x) { return x[0] != 0 ? x[1] : x[2]; },
                       [](const std::int64_t* x) { return x[0] != 0 ? x[1] : x[2]; }});
}

inline void add_choices(FakeOperators& all) {
  all.add("where", "self", 3, [](const Arguments& a) -> Results {
    return choose(a.tensor(0), a.tensor(1), a.tensor(2));
  });
  all.add("where", "ScalarOther", 3, [](const Arguments& a) -> Results {
    return choose(a.tensor(0), a.tensor(1), a.scalar(2));
  });
  all.add("where", "ScalarSelf", 3, [](const Arguments& a) -> Results {
    return choose(a.tensor(0), a.scalar(1), a.tensor(2));
  });
  const auto mask = [](const Arguments& a) {
    const FakeTensor value = convert(a.scalar(2).tensor(), a.tensor(0).dtype);
    return choose(a.tensor(1), value, a.tensor(0));
  };
  all.add("masked_fill", "Scalar", 3, [mask](const Arguments& a) -> Results { return mask(a); });
  all.add("masked_fill_", "Scalar", 3,
          [mask](const Arguments& a) -> Results { return store(a.tensor(0), mask(a)); });
}

inline void add_assignments(FakeOperators& all) {
  all.add("copy_", "", 3, [](const Arguments& a) -> Results {
    assign(a.tensor(0), a.tensor(1));
    return a.tensor(0);
  });
  all.add("fill_", "Scalar", 2, [](const Arguments& a) -> Results {
    assign(a.tensor(0), a.scalar(1).tensor());
    return a.tensor(0);
  });
  all.add("fill_", "Tensor", 2, [](const Arguments& a) -> Results {
    if (!a.tensor(1).sizes.empty()) refuse("fill_: expected a value without dimensions");
    assign(a.tensor(0), a.tensor(1));
    return a.tensor(0);
  });
  all.add("zero_", "", 1, [](const Arguments& a) -> Results {
    assign(a.tensor(0), FakeTensor(a.tensor(0).dtype, {}));
    return a.tensor(0);
  });
}

inline void add_elementwise(FakeOperators& all) {
  add_arithmetic(all);
  add_comparisons(all);
  add_unaries(all);
  add_clamps(all);
  add_combinations(all);
  add_choices(all);
  add_assignments(all);
}

}  // namespace knack::testing::fake
