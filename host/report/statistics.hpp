// SPDX-License-Identifier: MIT
// What a handful of runs says about a mean: for comparing runs over several seeds.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace knack::host {

/// sum(x) / n, exact where all values are equal. NaN without values.
double mean(std::span<const double> values);

/// sqrt(sum((x - mean)^2) / (n - 1)), the estimate for the population that the values are a sample
/// of; exactly 0 where all are equal. NaN for fewer than two values.
double standard_deviation(std::span<const double> values);

/// after[i] - before[i]; both have the same length.
std::vector<double> paired_differences(std::span<const double> before,
                                       std::span<const double> after);

/// The t for which Student's distribution with `degrees_of_freedom` >= 1 has the share `confidence`
/// (0 < confidence < 1) between -t and t: 2.776 for 95 % and 4 degrees.
double student_t(double confidence, std::size_t degrees_of_freedom);

struct Interval {
  double low;
  double high;
};

/// A mean of n values, and how far it can be trusted.
struct MeanEstimate {
  std::size_t count = 0;
  double mean = 0;
  double standard_deviation = 0;  ///< NaN for one value
  /// mean -+ student_t(confidence, n - 1) * standard_deviation / sqrt(n): of such intervals from
  /// repeated experiments, the share `confidence` has the true mean in it, where the values are
  /// independent and about normal. Both ends are NaN for one value, and the mean where all values
  /// are equal.
  Interval interval{};
  /// The two-sided probability of a mean at least as far from 0 when the true one is 0: that of
  /// Student's t test. For values that are all equal, of which that test makes certainty, that of
  /// the exact sign test: 2^(1 - n), and 1 where they are 0. NaN for one value.
  double p_value = 0;
};

/// Without values, all is NaN; so it is where one is not finite, or their sum is not. Values no
/// farther apart than `resolution` >= 0 count as equal: what rounding makes of equal ones must not
/// pass for a standard deviation.
MeanEstimate estimate_mean(std::span<const double> values, double confidence = 0.95,
                           double resolution = 0);

/// The mean of after[i] - before[i], pair by pair, as in a paired t test: what both of a pair have
/// in common, such as what their seed did to them, is no part of it. The resolution is that of the
/// numbers' rounding.
MeanEstimate estimate_paired_difference(std::span<const double> before,
                                        std::span<const double> after, double confidence = 0.95);

/// The p-values of a family of comparisons, corrected by Holm's method ("A simple sequentially
/// rejective multiple test procedure", 1979): where those up to 0.05 are believed, the chance of
/// even one false belief is at most 5 %. With the p-values in ascending order, max over j <= i of
/// min(1, (m - j) * p_j), j counted from 0. NaN stays, and is not counted in m.
std::vector<double> holm_corrected(std::span<const double> p_values);

}  // namespace knack::host
