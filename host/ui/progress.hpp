// SPDX-License-Identifier: MIT
// The progress line of a training run.
#pragma once

#include <chrono>
#include <cstdint>

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
/// `log_every_seconds` elsewhere.
class Progress {
 public:
  Progress(Console& console, double log_every_seconds);

  /// Cheap; ask before collecting a state, since reading the loss may wait for the device.
  bool is_due() const;

  void show(const ProgressState& state);

 private:
  using Clock = std::chrono::steady_clock;

  Console& console_;
  const Clock::duration interval_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point last_shown_ = start_;
  std::int64_t samples_at_last_ = 0;
};

}  // namespace knack::host
