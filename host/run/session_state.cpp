// SPDX-License-Identifier: MIT
#include "host/run/session_state.hpp"

#include "host/run/state_fields.hpp"

namespace knack::host {

template <class Visit>
void visit_fields(SessionState& state, Visit visit) {
  visit("seconds", state.seconds);
  visit("epoch_seconds", state.epoch_seconds);
  visit("epoch_samples", state.epoch_samples);
  visit("metrics_bytes", state.records.metrics_bytes);
  visit("events_file", state.records.events_file, kNewer);
  visit("events_bytes", state.records.events_bytes, kNewer);
  visit("is_stopped", state.is_stopped);
  visit("best_monitored", state.best.monitored);
  visit("best_set", state.best.set);
  visit("best_epoch", state.best.epoch);
}

Value to_value(const SessionState& state) {
  return map_of_fields(state);
}

SessionState session_state_of(const Value& saved) {
  return fields_of_map<SessionState>(saved);
}

}  // namespace knack::host
