// SPDX-License-Identifier: MIT
// The outcome of a run, and how one of its weight sets is chosen.
#pragma once

#include <string>
#include <vector>

#include "host/recipe/recipe.hpp"
#include "host/train/evaluation.hpp"
#include "host/train/fit.hpp"

namespace knack::host {

/// What one weight set reached at the end.
struct FinalSet {
  std::string name;
  Metrics valid;
  Metrics test;                                ///< empty without test data
  nlohmann::ordered_json classification = {};  ///< of `valid`; null when the model is no classifier
};

/// The outcome of a run.
struct FitResult {
  std::vector<FinalSet> sets;
  std::string chosen;
  std::string reason;  ///< one sentence
};

/// Fills `chosen` and `reason` from `sets`, which has at least one: the best monitored metric of
/// `valid`; of equals the lowest loss; of equals still the first.
void choose_set(FitResult& result, const TrainerOptions& options);

/// final/summary.json
nlohmann::ordered_json summary_of(const FitResult& result, Fit& fit, const TrainerOptions& options,
                                  double seconds);

}  // namespace knack::host
