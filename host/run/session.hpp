// SPDX-License-Identifier: MIT
// A training run from begin to end: epochs, evaluations, records, final weights.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/recipe/recipe.hpp"
#include "host/report/run_folder.hpp"
#include "host/train/evaluation.hpp"
#include "host/train/fit.hpp"
#include "host/ui/console.hpp"
#include "host/ui/progress.hpp"

namespace knack::host {

/// What one weight set reached at the end.
struct FinalSet {
  std::string name;
  Metrics valid;
  Metrics test;  ///< empty without test data
};

/// The outcome of a run.
struct FitResult {
  std::vector<FinalSet> sets;
  std::string chosen;
  std::string reason;  ///< one sentence
};

/// Trains a fit that has begun. Everything it learns goes to the console, to metrics.jsonl and to
/// final/.
class Session {
 public:
  Session(const Recipe& recipe, Fit& fit, Console& console, const RunFolder& folder);

  FitResult run();

 private:
  void run_epochs();
  void record_training(double seconds, std::int64_t samples);
  void record_evaluation(const std::string& split, const std::string& set, const Metrics& metrics,
                         bool is_final);
  std::vector<std::pair<std::string, Metrics>> evaluate_sets();
  void write_row(const std::vector<std::pair<std::string, Metrics>>& evaluated, double seconds);
  void save_sets() const;
  FinalSet finish_set(WeightSet& set);
  void choose(FitResult& result) const;
  void write_summary(const FitResult& result, double seconds) const;
  nlohmann::ordered_json record(const std::string& split, const std::string& set) const;

  const Recipe& recipe_;
  Fit& fit_;
  Console& console_;
  const RunFolder& folder_;
  MetricsFile metrics_file_;
  Progress progress_;
  std::vector<std::string> columns_;  // heading of the table as last written
};

}  // namespace knack::host
