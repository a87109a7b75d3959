// SPDX-License-Identifier: MIT
#include "host/report/html/run_results.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "host/report/html/text.hpp"

namespace knack::host::html {
namespace {

void add_new(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

std::string state_of(const RunData& run) {
  if (run.summary.is_object()) return "finished";
  if (!run.failure.empty()) return "failed";
  return run.was_stopped ? "stopped" : "unfinished";
}

double last_epoch(const RunData& run) {
  const double ended = number_of(run.summary, "epochs");
  const MetricStream* train = run.metrics.find("train", "live", false);
  if (std::isfinite(ended) || train == nullptr || train->epoch.empty()) return ended;
  return train->epoch.back();
}

std::string state_with_epoch(const RunData& run) {
  const std::string state = state_of(run);
  if (state == "finished") return state;
  const double epoch = last_epoch(run);
  const double epochs = number_of(member(run.recipe, "trainer"), "epochs");
  if (!std::isfinite(epoch)) return state + ", no epoch";
  return state + ", epoch " + rounded(epoch) +
         (std::isfinite(epochs) ? " of " + rounded(epochs) : "");
}

std::string monitored_metric(const RunData& run) {
  std::string metric = string_of(run.summary, "monitor");
  if (metric.empty()) metric = string_of(member(run.recipe, "trainer"), "monitor");
  return metric.empty() ? "loss" : metric;
}

bool higher_is_better(const RunData& run) {
  std::string mode = string_of(run.summary, "mode");
  if (mode.empty()) mode = string_of(member(run.recipe, "trainer"), "mode");
  return mode == "max";
}

bool has_final(const RunData& run) {
  const auto& streams = run.metrics.streams;
  return std::any_of(streams.begin(), streams.end(),
                     [](const MetricStream& stream) { return stream.is_final; });
}

std::vector<std::string> evaluated_sets(const RunData& run, bool is_final) {
  std::vector<std::string> sets;
  for (const MetricStream& stream : run.metrics.streams) {
    const bool is_evaluation = stream.split != "train" && stream.split != "step";
    if (is_evaluation && stream.is_final == is_final) add_new(sets, stream.weights);
  }
  return sets;
}

std::vector<std::string> evaluated_metrics(const RunData& run, const std::vector<std::string>& sets,
                                           std::string_view split, bool is_final) {
  std::vector<std::string> names;
  for (const std::string& set : sets) {
    const MetricStream* stream = run.metrics.find(split, set, is_final);
    if (stream == nullptr) continue;
    for (const MetricColumn& column : stream->columns) add_new(names, column.metric);
  }
  return names;
}

double last_value(const MetricStream* stream, std::string_view metric) {
  const MetricColumn* column = stream == nullptr ? nullptr : stream->column(metric);
  return column == nullptr || column->value.empty() ? NAN : column->value.back();
}

std::string leading_set(const RunData& run) {
  const std::string chosen = string_of(run.summary, "chosen");
  if (!chosen.empty()) return chosen;
  const std::string monitored = monitored_metric(run);
  const double sign = higher_is_better(run) ? -1 : 1;
  std::string leading = "live";
  std::pair<double, double> least(INFINITY, INFINITY);
  for (const std::string& set : evaluated_sets(run, false)) {
    const MetricStream* valid = run.metrics.find("valid", set, false);
    const std::pair<double, double> reached(sign * last_value(valid, monitored),
                                            last_value(valid, "loss"));
    if (std::isnan(reached.first) || !(reached < least)) continue;
    least = reached;
    leading = set;
  }
  return leading;
}

double training_seconds(const RunData& run) {
  const double ended = number_of(run.summary, "seconds");
  if (std::isfinite(ended)) return ended;
  const MetricStream* train = run.metrics.find("train", "live", false);
  const MetricColumn* seconds = train == nullptr ? nullptr : train->column("seconds");
  if (seconds == nullptr) return run.log_seconds;
  const double epochs = std::accumulate(seconds->value.begin(), seconds->value.end(), 0.0);
  return std::fmax(run.log_seconds, epochs);
}

}  // namespace knack::host::html
