// SPDX-License-Identifier: MIT
// Keeps the page of a run up to date while it trains.
#pragma once

#include <chrono>

#include "host/report/run_folder.hpp"
#include "host/ui/console.hpp"

namespace knack::host {

/// Writes report.html of the run folder. That it cannot be written is a warning, once: a training
/// does not end for its report.
class RunReport {
 public:
  RunReport(const RunFolder& folder, Console& console) : folder_(folder), console_(console) {}

  /// Writes it unless that was done within a hundred times of what it took: so it slows no training
  /// by more than a hundredth.
  void refresh();

  /// Writes it.
  void write();

 private:
  using Clock = std::chrono::steady_clock;

  const RunFolder& folder_;
  Console& console_;
  Clock::time_point next_ = Clock::time_point::min();
  bool has_failed_ = false;
};

}  // namespace knack::host
