// SPDX-License-Identifier: MIT
// The progress line of a training run.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

#include "host/ui/console.hpp"

namespace knack::host {

/// What the line shows.
struct ProgressState {
  std::int64_t epoch = 0;
  std::int64_t total_epochs = 0;
  std::int64_t step = 0;
  std::int64_t total_steps = 0;
  std::int64_t samples_seen = 0;
  double loss = 0.0;  ///< mean of the epoch so far
};

/// Decides when the line is due, and writes it: at most ten times a second on a terminal, every
/// `log_every_seconds` elsewhere. On a terminal that is too narrow it is brief, and then leaves out
/// what matters least.
class Progress {
 public:
  Progress(Console& console, double log_every_seconds);

  /// Training begins or goes on at this step. The time that is left is estimated from what was
  /// trained since.
  void begin(std::int64_t step, std::int64_t samples_seen);

  /// Cheap; ask before collecting a state, since reading the loss may wait for the device.
  bool is_due() const;

  void show(const ProgressState& state);

  /// The monitored metric of the last evaluation with the weight set that did best in it, and the
  /// best so far; shown from then on.
  void note_metric(const std::string& name, const std::string& set, double last, double best);

  /// An evaluation of so many batches begins; of each that is done it is told by evaluated_batch(),
  /// which shows that when the line is due.
  void begin_evaluation(const std::string& weight_set, std::int64_t batches);
  void evaluated_batch();

 private:
  using Clock = std::chrono::steady_clock;

  double samples_per_second(std::int64_t samples_seen, Clock::time_point now);
  std::string time_left(const ProgressState& state, Clock::time_point now) const;

  Console& console_;
  const Clock::duration interval_;
  Clock::time_point last_shown_ = Clock::now();

  Clock::time_point start_ = last_shown_;
  std::int64_t first_step_ = 0;
  Clock::time_point rate_from_ = last_shown_;
  std::int64_t samples_at_last_ = 0;
  double rate_ = 0.0;  // smoothed; 0: not known yet

  std::string metric_name_;
  std::string metric_set_;
  double metric_ = std::numeric_limits<double>::quiet_NaN();
  double best_metric_ = std::numeric_limits<double>::quiet_NaN();

  std::string evaluated_set_;
  std::int64_t batches_ = 0;
  std::int64_t batches_done_ = 0;
  Clock::time_point evaluation_from_ = last_shown_;
};

}  // namespace knack::host
