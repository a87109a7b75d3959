// SPDX-License-Identifier: MIT
// What a run tells: metrics.jsonl and the table on the console.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "host/recipe/recipe.hpp"
#include "host/report/metrics_file.hpp"
#include "host/report/run_folder.hpp"
#include "host/train/evaluation.hpp"
#include "host/train/fit.hpp"
#include "host/ui/console.hpp"

namespace knack::host {

/// Metrics of weight sets by name of the set.
using EvaluatedSets = std::vector<std::pair<std::string, Metrics>>;

/// NaN when there is no such metric.
double metric(const Metrics& metrics, const std::string& name);

/// NaN and infinities become null when it is written.
nlohmann::ordered_json json_of(const Metrics& metrics);

class Records {
 public:
  Records(const Recipe& recipe, Fit& fit, Console& console, const RunFolder& folder);

  /// One epoch's training: its loss and pace, and what tricks reported.
  void add_training(double seconds, std::int64_t samples);

  /// One evaluation of one set; `is_final` once the fit has ended.
  void add_evaluation(const std::string& split, const std::string& set, const Metrics& metrics,
                      bool is_final);

  /// The epoch as a row on the console.
  void show_epoch(const EvaluatedSets& evaluated, double seconds);

  MetricsFile& file() {
    return file_;
  }

 private:
  nlohmann::ordered_json begin_line(const std::string& split, const std::string& set) const;

  const Recipe& recipe_;
  Fit& fit_;
  Console& console_;
  MetricsFile file_;
  std::vector<std::string> columns_;  // heading of the table as last written
};

}  // namespace knack::host
