// SPDX-License-Identifier: MIT
// A training run from begin to end: epochs, evaluations, checkpoints, final weights.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "host/recipe/recipe.hpp"
#include "host/report/run_folder.hpp"
#include "host/run/checkpoints.hpp"
#include "host/run/classification.hpp"
#include "host/run/event_stream.hpp"
#include "host/run/records.hpp"
#include "host/run/result.hpp"
#include "host/run/run_report.hpp"
#include "host/run/run_requests.hpp"
#include "host/run/session_state.hpp"
#include "host/train/evaluation.hpp"
#include "host/train/fit.hpp"
#include "host/ui/console.hpp"
#include "host/ui/progress.hpp"

namespace knack::host {

/// Trains a fit that has begun. Everything it learns goes to the console and to the run folder.
class Session {
 public:
  /// `recipe` as checkpoints are to hold it.
  Session(const Recipe& recipe, Fit& fit, Console& console, const RunFolder& folder,
          RunRequests& requests, EventStream& stream, Checkpoints::OnSaved on_saved);

  /// Goes to where `checkpoint` was made. Before run(). Throws Error as load_fit() does.
  void resume(const std::filesystem::path& checkpoint, const AllowedChanges& allowed);

  /// Nothing when `requests` asked to leave: all is saved then, and resume() can go on.
  std::optional<FitResult> run();

 private:
  enum class Outcome { trained, interrupted };
  struct EvaluationLeft {};

  void note_failure() noexcept;
  Outcome run_epochs();
  bool after_step();
  bool after_epoch(Loop::Outcome outcome);
  EvaluatedSets evaluate_sets();
  bool note_best(const EvaluatedSets& evaluated);
  OnBatch while_evaluating(Classification* classification = nullptr);
  void show_progress();
  void count_time();
  void save(bool is_best = false);
  bool is_stop_requested() const {
    return requests_.stop.load() != 0;
  }

  std::optional<FitResult> finish();
  void save_sets() const;
  void remove_other_sets(const FitResult& result) const;
  FinalSet finish_set(WeightSet& set);
  void publish_chosen(const FitResult& result) const;

  const Recipe& recipe_;
  Fit& fit_;
  Console& console_;
  const RunFolder& folder_;
  RunRequests& requests_;
  EventStream& stream_;
  Checkpoints checkpoints_;
  Records records_;
  Progress progress_;
  RunReport report_;
  SessionState state_;
  bool has_begun_ = false;     // the records
  bool is_saved_ = false;      // the present state, in a checkpoint
  bool is_wait_told_ = false;  // that the stop waits for an evaluation
  std::chrono::steady_clock::time_point counted_until_ = std::chrono::steady_clock::now();
};

}  // namespace knack::host
