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
#include "host/run/records.hpp"
#include "host/run/result.hpp"
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
          RunRequests& requests, Checkpoints::OnSaved on_saved);

  /// Goes to where `checkpoint` was made. Before run(). Throws Error as load_fit() does.
  void resume(const std::filesystem::path& checkpoint, const AllowedChanges& allowed);

  /// Nothing when `requests` asked to leave: all is saved then, and resume() can go on.
  std::optional<FitResult> run();

 private:
  enum class Outcome { trained, interrupted };

  Outcome run_epochs();
  bool after_step();
  bool after_epoch(Loop::Outcome outcome);
  EvaluatedSets evaluate_sets();
  bool note_best(const EvaluatedSets& evaluated);
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
  void publish_chosen(const std::string& set) const;

  const Recipe& recipe_;
  Fit& fit_;
  Console& console_;
  const RunFolder& folder_;
  RunRequests& requests_;
  Checkpoints checkpoints_;
  Records records_;
  Progress progress_;
  SessionState state_;
  bool is_saved_ = false;  // the present state, in a checkpoint
  std::chrono::steady_clock::time_point counted_until_ = std::chrono::steady_clock::now();
};

}  // namespace knack::host
