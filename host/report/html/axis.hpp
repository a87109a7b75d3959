// SPDX-License-Identifier: MIT
// Scales of a chart: the range of values, and where ticks stand.
#pragma once

#include <string>
#include <vector>

namespace knack::host::html {

/// Values beyond this are gaps in a chart, so that a range never overflows; tables have them.
constexpr double kLargestDrawn = 1e300;

/// Whether a chart can have a point there.
bool is_drawn(double value, bool is_log);

struct Scale {
  double low = 0;
  double high = 1;
  bool is_log = false;  ///< then 0 < low

  /// 0 at `low`, 1 at `high`.
  double position(double value) const;
};

/// A scale around all values that can be drawn, with a margin; [0, 1] when there are none.
Scale scale_around(const std::vector<const std::vector<double>*>& values, bool is_log);

/// Round numbers within the scale, at least two apart from degenerate scales, about `count` of
/// them. Powers of ten and simple multiples on a logarithmic scale of a decade or more; else at
/// least `least_step` apart.
std::vector<double> ticks(const Scale& scale, int count, double least_step = 0);

/// Labels with as many decimals as tell the ticks apart.
std::vector<std::string> tick_labels(const std::vector<double>& ticks);

}  // namespace knack::host::html
