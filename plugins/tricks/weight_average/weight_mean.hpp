// SPDX-License-Identifier: MIT
// The arithmetic mean of weight sets.
#pragma once

#include <knack/sdk/host.hpp>
#include <knack/sdk/state.hpp>

#include <vector>

namespace weight_average {

/// Floating tensors are summed in fp64 and divided once, so the order does not matter; the others
/// are those of the set that was added last.
class WeightMean {
 public:
  void add(const knack::WeightSet& set);

  /// Overwrites the tensors of `set`; at least one set was added.
  void write(const knack::WeightSet& set) const;

  void save(knack::StateWriter& state) const;
  void load(const knack::StateReader& state);

 private:
  std::int64_t count_ = 0;
  std::vector<knack::Tensor> tensors_;  // sums, or the latest values of integers
};

}  // namespace weight_average
