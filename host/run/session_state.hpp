// SPDX-License-Identifier: MIT
// How far a session has come, beside its fit.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "host/plugin/value.hpp"

namespace knack::host {

/// The best evaluation at the end of an epoch so far.
struct BestEpoch {
  double monitored = std::numeric_limits<double>::quiet_NaN();  ///< NaN: none yet
  std::string set;
  std::int64_t epoch = 0;
};

/// How far the files of records had come.
struct RecordsPosition {
  std::int64_t metrics_bytes = 0;
  std::string events_file;  ///< name of the file for TensorBoard; empty: there is none
  std::int64_t events_bytes = 0;
};

/// Part of every checkpoint.
struct SessionState {
  double seconds = 0.0;            ///< of training, evaluations included
  double epoch_seconds = 0.0;      ///< of them in the open epoch
  std::int64_t epoch_samples = 0;  ///< samples seen when the open epoch began
  bool is_stopped = false;         ///< a trick ended the training
  RecordsPosition records;
  BestEpoch best;
};

Value to_value(const SessionState& state);

/// Throws std::invalid_argument for a tree that to_value() did not make.
SessionState session_state_of(const Value& saved);

}  // namespace knack::host
