// SPDX-License-Identifier: MIT
// Which charts a run has.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/report/html/chart.hpp"
#include "host/report/html/run_data.hpp"

namespace knack::host::html {

/// A number of each style for the weight sets of a run: those with curves first.
std::map<std::string, int> set_styles(const MetricStreams& metrics);

/// One column of a stream as a curve, its x the step, ascending; no points when there is none.
Curve curve_of(const MetricStream& stream, std::string_view metric);

/// The second half of a chart whose first half leaves it little room; else one without curves.
Chart second_half(const Chart& chart);

/// Loss and metrics of the weight sets on `valid`, the monitored one among the first two.
std::vector<Chart> metric_charts(const RunData& run);

/// How the training went: learning rate, gradient norm, pace, and what tricks reported.
std::vector<Chart> training_charts(const RunData& run);

}  // namespace knack::host::html
