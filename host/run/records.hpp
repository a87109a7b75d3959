// SPDX-License-Identifier: MIT
// What a run tells: metrics.jsonl, the file for TensorBoard, events for programs, and the table on
// the console.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/recipe/recipe.hpp"
#include "host/report/event_file.hpp"
#include "host/report/metrics_file.hpp"
#include "host/report/run_folder.hpp"
#include "host/run/event_stream.hpp"
#include "host/run/session_state.hpp"
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
  Records(const Recipe& recipe, Fit& fit, Console& console, const RunFolder& folder,
          EventStream& stream);

  /// Before anything else: a new run, or one that goes on where the files had come to `position`.
  void begin();
  void go_on(const RecordsPosition& position);

  /// Brings everything to disk.
  RecordsPosition sync();

  /// The step that was just made, if it is one to be recorded. Call it once a window.
  void add_step();

  /// One epoch's training: its loss and pace, and what tricks reported.
  void add_training(double seconds, std::int64_t samples);

  /// One evaluation of one set; `is_final` once the fit has ended.
  void add_evaluation(const std::string& split, const std::string& set, const Metrics& metrics,
                      bool is_final);

  /// The epoch as a row on the console.
  void show_epoch(const EvaluatedSets& evaluated, double seconds);

  /// After the last record.
  void end(bool is_success);

 private:
  nlohmann::ordered_json begin_line(const std::string& split, const std::string& set) const;
  void add(const char* event, const nlohmann::ordered_json& line);
  void add_pace(nlohmann::ordered_json& line) const;

  const Recipe& recipe_;
  Fit& fit_;
  Console& console_;
  const RunFolder& folder_;
  EventStream& stream_;
  MetricsFile file_;
  std::optional<EventFile> events_;
  std::int64_t considered_step_ = 0;  // a step that is not made is not recorded once more
  std::vector<std::string> columns_;  // heading of the table as last written
  double best_shown_ = std::numeric_limits<double>::quiet_NaN();  // of the monitored metric
};

}  // namespace knack::host
