// SPDX-License-Identifier: MIT
// What the runs of an ablation say about each trick.
#pragma once

#include <vector>

#include "host/ablate/ablation_folder.hpp"
#include "host/ablate/plan.hpp"
#include "host/report/statistics.hpp"

namespace knack::host {

/// Of every run, by condition and seed.
using Outcomes = std::vector<std::vector<RunOutcome>>;

enum class Verdict { helps, hurts, no_evidence };

/// "helps", "hurts", "no evidence"
const char* text_of(Verdict verdict);

/// The share of false verdicts that is put up with.
inline constexpr double kSignificance = 0.05;

/// What one comparison gave: condition minus base, over the seeds for which both have a number.
struct Finding {
  MeanEstimate valid;
  MeanEstimate test;     ///< of the same runs; decides nothing
  MeanEstimate seconds;  ///< of training
  /// valid.p_value, corrected by Holm's method for the number of comparisons.
  double corrected_p_value;
  /// Of the trick: it helps or hurts when corrected_p_value is at most kSignificance.
  Verdict verdict;
};

/// One finding for each comparison of the plan.
std::vector<Finding> analyse(const Plan& plan, const Outcomes& outcomes, bool higher_is_better);

/// The numbers of one condition that are there.
std::vector<double> numbers_of(const std::vector<RunOutcome>& outcomes,
                               double RunOutcome::* number);

}  // namespace knack::host
