// SPDX-License-Identifier: MIT
#include "host/ablate/analysis.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace knack::host {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<RunOutcome> runs(const std::vector<double>& values) {
  std::vector<RunOutcome> outcomes;
  for (const double value : values) {
    outcomes.push_back({.valid = value, .test = kNaN, .seconds = 10});
  }
  return outcomes;
}

/// One trick: `without` against `all`.
Finding leave_one_out(const std::vector<double>& all, const std::vector<double>& without,
                      bool higher_is_better) {
  const Plan plan{{{}, {}}, {{.condition = 1, .base = 0, .trick = "ema", .adds = false}}};
  return analyse(plan, {runs(all), runs(without)}, higher_is_better).at(0);
}

const std::vector<double> kLow = {0.501, 0.512, 0.523, 0.534};
const std::vector<double> kHigh = {0.601, 0.613, 0.622, 0.635};

TEST(AblationAnalysis, JudgesATrickByWhatItsAbsenceDoes) {
  EXPECT_EQ(leave_one_out(kLow, kHigh, true).verdict, Verdict::hurts);
  EXPECT_EQ(leave_one_out(kLow, kHigh, false).verdict, Verdict::helps);
  EXPECT_EQ(leave_one_out(kHigh, kLow, true).verdict, Verdict::helps);
  EXPECT_EQ(leave_one_out(kHigh, kLow, false).verdict, Verdict::hurts);
}

TEST(AblationAnalysis, JudgesATrickByWhatItAdds) {
  const Plan plan{{{}, {}}, {{.condition = 1, .base = 0, .trick = "ema", .adds = true}}};
  EXPECT_EQ(analyse(plan, {runs(kLow), runs(kHigh)}, true).at(0).verdict, Verdict::helps);
  EXPECT_EQ(analyse(plan, {runs(kLow), runs(kHigh)}, false).at(0).verdict, Verdict::hurts);
}

TEST(AblationAnalysis, SaysConditionMinusBase) {
  const Finding finding = leave_one_out(kLow, kHigh, true);
  EXPECT_NEAR(finding.valid.mean, 0.10025, 1e-12);
  EXPECT_LT(finding.valid.interval.low, finding.valid.mean);
  EXPECT_GT(finding.valid.interval.low, 0);
  EXPECT_EQ(finding.seconds.mean, 0);
  EXPECT_EQ(finding.test.count, 0u);
}

TEST(AblationAnalysis, LeavesASeedOutThatOneOfBothLacks) {
  const Finding finding = leave_one_out({0.5, kNaN, 0.7, 0.8}, {0.6, 0.6, INFINITY, 0.95}, true);
  EXPECT_EQ(finding.valid.count, 2u);
  EXPECT_NEAR(finding.valid.mean, 0.125, 1e-12);
}

TEST(AblationAnalysis, HasNoEvidenceWithoutADifference) {
  const Finding finding = leave_one_out(kLow, kLow, true);
  EXPECT_EQ(finding.valid.mean, 0.0);
  EXPECT_EQ(finding.valid.interval.low, 0.0);
  EXPECT_EQ(finding.valid.interval.high, 0.0);
  EXPECT_EQ(finding.corrected_p_value, 1.0);
  EXPECT_EQ(finding.verdict, Verdict::no_evidence);
}

TEST(AblationAnalysis, HasNoEvidenceFromOnePair) {
  const Finding finding = leave_one_out({0.5, kNaN}, {0.9, 0.9}, true);
  EXPECT_EQ(finding.valid.count, 1u);
  EXPECT_TRUE(std::isnan(finding.corrected_p_value));
  EXPECT_EQ(finding.verdict, Verdict::no_evidence);
}

// 2 of 237 pictures more with two seeds: a t test would be certain of it.
TEST(AblationAnalysis, IsNotFooledByTwoEqualDifferences) {
  const Finding finding =
      leave_one_out({200 / 237.0, 213 / 237.0}, {202 / 237.0, 215 / 237.0}, true);
  EXPECT_EQ(finding.corrected_p_value, 0.5);
  EXPECT_EQ(finding.verdict, Verdict::no_evidence);
}

TEST(AblationAnalysis, AsksMoreOfManyComparisons) {
  Plan plan{{{}}, {}};
  Outcomes outcomes = {runs({0.50, 0.51, 0.52})};
  for (std::size_t i = 1; i <= 5; ++i) {
    plan.conditions.emplace_back();
    plan.comparisons.push_back({i, 0, std::to_string(i), true});
    outcomes.push_back(runs({0.56, 0.60, 0.60}));
  }
  const Finding among_five = analyse(plan, outcomes, true).at(0);
  EXPECT_LT(among_five.valid.p_value, kSignificance);
  EXPECT_DOUBLE_EQ(among_five.corrected_p_value, 5 * among_five.valid.p_value);
  EXPECT_EQ(among_five.verdict, Verdict::no_evidence);
  plan.comparisons.resize(1);
  EXPECT_EQ(analyse(plan, outcomes, true).at(0).verdict, Verdict::helps);
}

}  // namespace
}  // namespace knack::host
