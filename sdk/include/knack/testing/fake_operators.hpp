// SPDX-License-Identifier: MIT
// knack.aten/1 without LibTorch: the operators that small plugins need, on the CPU and without
// autograd. Part of fake_host.hpp.
//
// Shapes, element types and refusals are LibTorch's. Numbers are calculated in float64 and rounded
// once, so float32 results may differ from LibTorch's in their last digits; random numbers are others
// than LibTorch's. There is no half precision. An operator that is not here is NOT_FOUND by name.
#pragma once

#include <knack/abi/ext/aten.h>
#include <knack/testing/fake_combinations.hpp>
#include <knack/testing/fake_foreach.hpp>
#include <knack/testing/fake_matrices.hpp>
#include <knack/testing/fake_picks.hpp>
#include <knack/testing/fake_reductions.hpp>
#include <knack/testing/fake_sources.hpp>
#include <knack/testing/fake_world.hpp>

namespace knack::testing {

inline const FakeOperators& fake_operators() {
  static const FakeOperators operators = [] {
    FakeOperators all;
    fake::add_elementwise(all);
    fake::add_reductions(all);
    fake::add_matrices(all);
    fake::add_views(all);
    fake::add_picks(all);
    fake::add_joins(all);
    fake::add_sources(all);
    fake::add_foreach(all);
    return all;
  }();
  return operators;
}

namespace fake {

inline std::string& last_operator_error() {
  thread_local std::string text;
  return text;
}

inline std::int32_t find_operator(const char* name, const char* overload,
                                  const knack_operator_t** out) {
  const std::int32_t status = current_ledger().serve(KNACK_EXT_ATEN, "find", [&] {
    const FakeOperator& found = fake_operators().find(name, overload);
    *out = reinterpret_cast<const knack_operator_t*>(&found);
  });
  if (status != KNACK_STATUS_OK) last_operator_error() = current_ledger().error;
  return status;
}

inline std::int32_t call_operator(const knack_operator_t* op, const knack_value_t* arguments,
                                  std::uint64_t argument_count, knack_value_t* out_results,
                                  std::uint64_t result_capacity, std::uint64_t* out_result_count) {
  const auto& found = *reinterpret_cast<const FakeOperator*>(op);
  const std::int32_t status = current_ledger().serve(KNACK_EXT_ATEN, "call", [&] {
    current_ledger().note(found.name);
    try {
      if (argument_count > found.parameter_count) {
        throw Error(KNACK_STATUS_INVALID,
                    "expected at most " + std::to_string(found.parameter_count) +
                        " arguments, found " + std::to_string(argument_count));
      }
      const FakeResults results = found.function({arguments, argument_count});
      *out_result_count = results.give(out_results, result_capacity);
    } catch (const Error& failure) {
      throw Error(failure.status(), found.name + ": " + failure.what());
    }
  });
  if (status != KNACK_STATUS_OK) last_operator_error() = current_ledger().error;
  return status;
}

}  // namespace fake

inline const knack_aten_api_t& fake_aten_api() {
  static const knack_aten_api_t api{sizeof(knack_aten_api_t), 0, &fake::find_operator,
                                    &fake::call_operator, [] {
                                      return knack_string_t{fake::last_operator_error().data(),
                                                            fake::last_operator_error().size()};
                                    }};
  return api;
}

}  // namespace knack::testing
