// SPDX-License-Identifier: MIT
#include "host/report/html/axis.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace knack::host::html {
namespace {

/// 1, 2 or 5 times a power of ten, the smallest that is not below `least`.
double round_step(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::vector<double> linear_ticks(double low, double high, int count, double least_step) {
  const double step = std::max(round_step((high - low) / count), least_step);
  std::vector<double> result;
  const double first = std::ceil(low / step - 1e-9);
  const double last = std::floor(high / step + 1e-9);
  for (double i = first; i <= last && result.size() < 100; ++i) {
    result.push_back(i == 0 ? 0.0 : i * step);
  }
  return result;
}

std::vector<double> log_ticks(double low, double high, int count) {
  const int first = static_cast<int>(std::floor(std::log10(low)));
  const int last = static_cast<int>(std::ceil(std::log10(high)));
  const int stride = std::max(1, (last - first) / count);
  std::vector<double> factors = {1.0};
  if (high < 100 * low) factors = {1.0, 2.0, 5.0};
  std::vector<double> result;
  for (int exponent = first; exponent <= last; exponent += stride) {
    for (const double factor : factors) {
      const double tick = factor * std::pow(10.0, exponent);
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) result.push_back(tick);
    }
  }
  return result;
}

std::string label(double value, int decimals) {
  char text[48];
  const double size = std::fabs(value);
  if (size != 0 && (size >= 1e5 || size < 1e-4)) {
    std::snprintf(text, sizeof text, "%.4g", value);
    std::string short_text = text;
    const std::size_t exponent = short_text.find("e+0");
    if (exponent != std::string::npos) short_text.erase(exponent + 1, 2);
    return short_text;
  }
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

}  // namespace

bool is_drawn(double value, bool is_log) {
  return std::isfinite(value) && std::fabs(value) <= kLargestDrawn && (!is_log || value > 1e-300);
}

double Scale::position(double value) const {
  if (is_log) return (std::log(value) - std::log(low)) / (std::log(high) - std::log(low));
  return (value - low) / (high - low);
}

Scale scale_around(const std::vector<const std::vector<double>*>& values, bool is_log) {
  bool is_empty = true;
  Scale scale{0, 1, is_log};
  for (const std::vector<double>* each : values) {
    for (const double value : *each) {
      if (!is_drawn(value, is_log)) continue;
      scale.low = is_empty ? value : std::min(scale.low, value);
      scale.high = is_empty ? value : std::max(scale.high, value);
      is_empty = false;
    }
  }
  if (is_log) {
    if (is_empty) scale.low = 0.1;
    const double margin = std::max(std::pow(scale.high / scale.low, 0.05), 1.1);
    return {scale.low / margin, scale.high * margin, true};
  }
  double margin = 0.05 * (scale.high - scale.low);
  const double size = std::max(std::fabs(scale.low), std::fabs(scale.high));
  if (margin <= 1e-9 * size) margin = size == 0 ? 0.5 : 0.1 * size;
  margin = std::max(margin, 1e-300);  // subnormal numbers leave no room of their own
  return {scale.low - margin, scale.high + margin, false};
}

std::vector<double> ticks(const Scale& scale, int count, double least_step) {
  const bool is_narrow = scale.high < 10 * scale.low;
  if (!scale.is_log || is_narrow) return linear_ticks(scale.low, scale.high, count, least_step);
  std::vector<double> result = log_ticks(scale.low, scale.high, count);
  return result.size() >= 2 ? result : linear_ticks(scale.low, scale.high, count, 0);
}

std::vector<std::string> tick_labels(const std::vector<double>& ticks) {
  std::vector<std::string> labels;
  for (int decimals = 0; decimals <= 12; ++decimals) {
    labels.clear();
    bool is_exact = true;
    for (const double tick : ticks) {
      labels.push_back(label(tick, decimals));
      is_exact = is_exact && std::fabs(std::strtod(labels.back().c_str(), nullptr) - tick) <=
                                 1e-6 * std::fabs(tick);
    }
    if (is_exact) break;
  }
  return labels;
}

}  // namespace knack::host::html
