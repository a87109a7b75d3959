// SPDX-License-Identifier: MIT
// What a run has reached, at the end or so far.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/report/html/run_data.hpp"

namespace knack::host::html {

/// "finished", "stopped" by a signal, "failed" with an error, or "unfinished": it goes on, or was
/// killed.
std::string state_of(const RunData& run);

/// The last epoch that has a record of the training; NaN before the first.
double last_epoch(const RunData& run);

/// "finished", or "stopped, epoch 3 of 20".
std::string state_with_epoch(const RunData& run);

/// What is monitored, from the summary or the recipe; "loss" where neither tells.
std::string monitored_metric(const RunData& run);

/// Whether higher is better for it.
bool higher_is_better(const RunData& run);

/// Whether there are records of the end.
bool has_final(const RunData& run);

/// Weight sets that were evaluated, in the order of the file.
std::vector<std::string> evaluated_sets(const RunData& run, bool is_final);

/// Metrics that any of `sets` has on `split`.
std::vector<std::string> evaluated_metrics(const RunData& run, const std::vector<std::string>& sets,
                                           std::string_view split, bool is_final);

/// The last value of a column; NaN when there is none.
double last_value(const MetricStream* stream, std::string_view metric);

/// The chosen weight set. Before the end, the one that would be chosen by the last evaluations on
/// `valid`; "live" where these tell nothing.
std::string leading_set(const RunData& run);

/// What the training took. Before the end, what its log tells, and its epochs without evaluations
/// where that is more. NaN where nothing tells.
double training_seconds(const RunData& run);

}  // namespace knack::host::html
