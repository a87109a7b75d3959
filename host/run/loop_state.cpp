// SPDX-License-Identifier: MIT
#include "host/run/loop_state.hpp"

#include "host/run/state_fields.hpp"

namespace knack::host {

template <class Visit>
void visit_fields(LoopState& state, Visit visit) {
  visit("epoch", state.counters.epoch);
  visit("total_epochs", state.counters.total_epochs);
  visit("step", state.counters.step);
  visit("total_steps", state.counters.total_steps);
  visit("micro_batch", state.counters.micro_batch);
  visit("samples_seen", state.counters.samples_seen);
  visit("in_epoch", state.in_epoch);
  visit("batches_done", state.batches_done);
  visit("steps_before_epoch", state.steps_before_epoch);
  visit("loss_sum", state.loss_sum);
  visit("loss_weight", state.loss_weight);
  visit("skipped_in_epoch", state.skipped_in_epoch);
  visit("skipped_in_row", state.skipped_in_row);
  visit("reply", state.reply);
  visit("window_loss", state.window_loss, kNewer);
  visit("gradient_norm", state.gradient_norm, kNewer);
}

Value to_value(const LoopState& state) {
  return map_of_fields(state);
}

LoopState loop_state_of(const Value& saved) {
  return fields_of_map<LoopState>(saved);
}

}  // namespace knack::host
