// SPDX-License-Identifier: MIT
// A run of one short epoch on a few samples, to see what its tricks do.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/common/error.hpp"
#include "host/explain/change_watch.hpp"
#include "host/explain/explanation.hpp"
#include "host/explain/memory_meter.hpp"
#include "host/explain/rehearsal_services.hpp"
#include "host/train/fit.hpp"

namespace knack::host {

/// What was seen of one trick.
struct TrickDeeds {
  std::int64_t micro_batches = 0;
  std::int64_t kept_bytes = 0;
};

/// Rehearses a fit that nothing was asked of yet, with all of its hooks in the order of a training.
///
/// Each trick's `fit_begin` is called by itself, so that one that fails hides no other. Then come
/// an epoch of two micro-batches of two samples, the evaluation of every weight set on two, the
/// end, and the final evaluation of the sets that came with it. What fails becomes a Conflict.
/// Parameter groups are as in a training afterwards, and so is who has published what; weights,
/// numbers and counters are of no use.
class Rehearsal {
 public:
  /// `meter` sees the tensors of the rehearsal.
  Rehearsal(Fit& fit, HostServices& services, const MemoryMeter& meter);

  void run();

  std::int64_t window() const {
    return window_;
  }
  const std::string& window_asker() const {
    return window_asker_;
  }
  const std::vector<Conflict>& conflicts() const {
    return conflicts_;
  }
  /// What would end a training where it begins.
  const std::optional<Error>& failure() const {
    return failure_;
  }
  const std::vector<SetFacts>& sets() const {
    return sets_;
  }
  /// Sets there were at the end of the first epoch.
  std::int64_t evaluated_sets() const {
    return evaluated_sets_;
  }
  const std::map<std::string, TrickDeeds>& deeds() const {
    return deeds_;
  }
  /// What each trick changed.
  const std::map<std::string, std::vector<Change>>& changes() const {
    return watch_.changes();
  }
  const std::map<std::string, std::set<std::string>>& reported() const {
    return services_.reported();
  }

 private:
  void begin_trick(Trick& trick);
  void note_shared_options(const Trick& trick);
  void note_idle_tricks();
  void run_epoch();
  void note_windows();
  void evaluate_sets(std::size_t first, const knack_hook_context_t& context);
  void check_monitor(const Metrics& metrics);
  void note_sets(const std::string& when);
  void add_failure(const std::string& stage, const Error& error, std::vector<std::string> tricks);
  void add_conflict(Conflict::Severity severity, const std::string& stage,
                    const std::string& message, std::vector<std::string> tricks);

  Fit& fit_;
  HostServices& host_;
  RehearsalServices services_;
  ChangeWatch watch_;
  const MemoryMeter& meter_;
  bool has_windows_ = false;
  std::int64_t window_ = 1;
  std::string window_asker_;
  std::int64_t evaluated_sets_ = 0;
  std::vector<Conflict> conflicts_;
  std::optional<Error> failure_;
  std::vector<SetFacts> sets_;
  std::map<std::string, TrickDeeds> deeds_;
  std::vector<std::map<std::string, std::string>> setters_;  // by parameter and option
};

}  // namespace knack::host
