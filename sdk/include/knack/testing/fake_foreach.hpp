// SPDX-License-Identifier: MIT
// Fake operators on lists of tensors, each made of the one for a single tensor. Part of
// fake_operators.hpp.
#pragma once

#include <knack/testing/fake_elementwise.hpp>

namespace knack::testing::fake {

/// Calls `single` once for each element of the lists; arguments that are no lists are the same for
/// all.
inline std::vector<FakeTensor> for_each(const FakeOperator& single, const Arguments& arguments) {
  const std::size_t count = arguments.tensors(0).size();
  std::vector<FakeTensor> results;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<knack_value_t> values;
    for (std::size_t k = 0; k < arguments.size(); ++k) {
      const knack_value_t& given = arguments[k];
      if (given.tag == KNACK_VALUE_LIST && given.count != count) {
        refuse("expected lists of one length, found " + std::to_string(count) + " and " +
               std::to_string(given.count));
      }
      values.push_back(given.tag == KNACK_VALUE_LIST ? given.as.items[i] : given);
    }
    results.push_back(single.function({values.data(), values.size()}).tensors().at(0));
  }
  return results;
}

/// `_foreach_<name>` and, where there is a `<name>_`, `_foreach_<name>_`.
inline void add_foreach_of(FakeOperators& all, const std::string& name, const std::string& overload,
                           const std::string& single_overload, std::size_t parameter_count) {
  for (const bool in_place : {false, true}) {
    const std::string single = name + (in_place ? "_" : "");
    const std::string full =
        "aten::" + single + (single_overload.empty() ? "" : "." + single_overload);
    const auto found = all.all().find(full);
    if (found == all.all().end()) continue;
    all.add("_foreach_" + single, overload, parameter_count,
            [single = found->second, in_place](const Arguments& arguments) {
              std::vector<FakeTensor> results = for_each(single, arguments);
              return in_place ? Results::none() : Results::list(std::move(results));
            });
  }
}

inline void add_foreach(FakeOperators& all) {
  for (const std::string name : {"add", "sub", "mul", "div"}) {
    const bool has_alpha = name == "add" || name == "sub";
    add_foreach_of(all, name, "Scalar", "Scalar", 2);
    add_foreach_of(all, name, "ScalarList", "Scalar", 2);
    add_foreach_of(all, name, "List", "Tensor", has_alpha ? 3 : 2);
  }
  add_foreach_of(all, "lerp", "Scalar", "Scalar", 3);
  add_foreach_of(all, "lerp", "List", "Tensor", 3);
  add_foreach_of(all, "addcmul", "Scalar", "", 4);
  add_foreach_of(all, "addcdiv", "Scalar", "", 4);
  add_foreach_of(all, "copy", "", "", 3);
  for (const char* name : {"zero", "neg", "abs", "sqrt"}) add_foreach_of(all, name, "", "", 1);
  add_foreach_of(all, "norm", "Scalar", "Scalar", 3);
}

}  // namespace knack::testing::fake
