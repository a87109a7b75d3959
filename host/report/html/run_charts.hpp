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

/// Weight sets that were evaluated, in an order that a damaged line of metrics.jsonl does not
/// change: "live", then those of the summary, then those of the recipe's tricks, then the others.
std::vector<std::string> ordered_sets(const RunData& run);

/// How each weight set is drawn.
std::map<std::string, Style> set_styles(const RunData& run);

/// One column of a stream as a curve, its x the step, ascending; no points when there is none.
Curve curve_of(const MetricStream& stream, std::string_view metric);

/// Makes the scale logarithmic where all values allow it and those up to the first evaluation would
/// leave the others little room.
void choose_scale(Chart& chart);

/// The second half of a chart whose first half leaves it little room; else one without curves.
Chart second_half(const Chart& chart);

/// Loss and metrics of the weight sets on `valid`, the monitored one among the first two.
std::vector<Chart> metric_charts(const RunData& run);

/// How the training went: learning rate, gradient norm, pace, and what tricks reported.
std::vector<Chart> training_charts(const RunData& run);

}  // namespace knack::host::html
