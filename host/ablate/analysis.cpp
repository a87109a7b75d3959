// SPDX-License-Identifier: MIT
#include "host/ablate/analysis.hpp"

#include <cmath>

namespace knack::host {
namespace {

MeanEstimate difference(const std::vector<RunOutcome>& base,
                        const std::vector<RunOutcome>& condition, double RunOutcome::* number) {
  std::vector<double> before;
  std::vector<double> after;
  for (std::size_t seed = 0; seed < base.size(); ++seed) {
    const double first = base[seed].*number;
    const double second = condition[seed].*number;
    if (!std::isfinite(first) || !std::isfinite(second)) continue;
    before.push_back(first);
    after.push_back(second);
  }
  return estimate_paired_difference(before, after);
}

Verdict verdict_of(const Comparison& comparison, const Finding& finding, bool higher_is_better) {
  if (!(finding.corrected_p_value <= kSignificance)) return Verdict::no_evidence;
  const bool is_better = (finding.valid.mean > 0) == higher_is_better;
  return is_better == comparison.adds ? Verdict::helps : Verdict::hurts;
}

}  // namespace

const char* text_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::helps:
      return "helps";
    case Verdict::hurts:
      return "hurts";
    default:
      return "no evidence";
  }
}

std::vector<Finding> analyse(const Plan& plan, const Outcomes& outcomes, bool higher_is_better) {
  std::vector<Finding> findings;
  std::vector<double> p_values;
  for (const Comparison& comparison : plan.comparisons) {
    const auto& base = outcomes.at(comparison.base);
    const auto& condition = outcomes.at(comparison.condition);
    Finding& finding = findings.emplace_back();
    finding.valid = difference(base, condition, &RunOutcome::valid);
    finding.test = difference(base, condition, &RunOutcome::test);
    finding.seconds = difference(base, condition, &RunOutcome::seconds);
    p_values.push_back(finding.valid.p_value);
  }
  const std::vector<double> corrected = holm_corrected(p_values);
  for (std::size_t i = 0; i < findings.size(); ++i) {
    findings[i].corrected_p_value = corrected[i];
    findings[i].verdict = verdict_of(plan.comparisons[i], findings[i], higher_is_better);
  }
  return findings;
}

std::vector<double> numbers_of(const std::vector<RunOutcome>& outcomes,
                               double RunOutcome::* number) {
  std::vector<double> numbers;
  for (const RunOutcome& outcome : outcomes) {
    if (std::isfinite(outcome.*number)) numbers.push_back(outcome.*number);
  }
  return numbers;
}

}  // namespace knack::host
