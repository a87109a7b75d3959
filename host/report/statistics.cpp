// SPDX-License-Identifier: MIT
#include "host/report/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <functional>
#include <limits>

namespace knack::host {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double largest_magnitude(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

boost::math::students_t distribution(std::size_t degrees_of_freedom) {
  return boost::math::students_t(static_cast<double>(degrees_of_freedom));
}

}  // namespace

double mean(std::span<const double> values) {
  if (values.empty()) return kNaN;
  // From the first value on, since n * x / n need not be x.
  double sum = 0;
  for (const double value : values) sum += value - values.front();
  return values.front() + sum / static_cast<double>(values.size());
}

double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) return kNaN;
  const double center = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - center) * (value - center);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

std::vector<double> paired_differences(std::span<const double> before,
                                       std::span<const double> after) {
  std::vector<double> differences(before.size());
  std::transform(after.begin(), after.end(), before.begin(), differences.begin(), std::minus<>());
  return differences;
}

double student_t(double confidence, std::size_t degrees_of_freedom) {
  return boost::math::quantile(
      boost::math::complement(distribution(degrees_of_freedom), (1 - confidence) / 2));
}

MeanEstimate estimate_mean(std::span<const double> values, double confidence, double resolution) {
  MeanEstimate estimate;
  estimate.count = values.size();
  estimate.mean = mean(values);
  estimate.standard_deviation = standard_deviation(values);
  const double error = estimate.standard_deviation / std::sqrt(static_cast<double>(values.size()));
  if (!std::isfinite(estimate.mean) || !std::isfinite(error)) {
    if (!std::isfinite(estimate.mean)) estimate.mean = kNaN;
    estimate.standard_deviation = estimate.p_value = kNaN;
    estimate.interval = {kNaN, kNaN};
    return estimate;
  }
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  if (error == 0 || *highest - *lowest <= resolution) {
    estimate.standard_deviation = 0;
    const bool is_zero = std::abs(estimate.mean) <= resolution;
    estimate.interval = {estimate.mean, estimate.mean};
    estimate.p_value = is_zero ? 1 : std::exp2(1 - static_cast<double>(values.size()));
    return estimate;
  }
  const std::size_t degrees_of_freedom = values.size() - 1;
  const double margin = student_t(confidence, degrees_of_freedom) * error;
  estimate.interval = {estimate.mean - margin, estimate.mean + margin};
  estimate.p_value = 2 * boost::math::cdf(boost::math::complement(distribution(degrees_of_freedom),
                                                                  std::abs(estimate.mean) / error));
  return estimate;
}

MeanEstimate estimate_paired_difference(std::span<const double> before,
                                        std::span<const double> after, double confidence) {
  constexpr double kRounding = 8 * std::numeric_limits<double>::epsilon();
  const double resolution =
      kRounding * std::max(largest_magnitude(before), largest_magnitude(after));
  return estimate_mean(paired_differences(before, after), confidence, resolution);
}

std::vector<double> holm_corrected(std::span<const double> p_values) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p_values.size(); ++i) {
    if (!std::isnan(p_values[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> corrected(p_values.begin(), p_values.end());
  double largest = 0;
  for (std::size_t j = 0; j < order.size(); ++j) {
    const double factor = static_cast<double>(order.size() - j);
    largest = std::max(largest, std::min(1.0, factor * p_values[order[j]]));
    corrected[order[j]] = largest;
  }
  return corrected;
}

}  // namespace knack::host
