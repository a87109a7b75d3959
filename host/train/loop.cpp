// SPDX-License-Identifier: MIT
#include "host/train/loop.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "host/common/error.hpp"
#include "host/plugin/text.hpp"
#include "host/train/gradient_norm.hpp"
#include "host/train/non_finite_report.hpp"

namespace knack::host {

Loop::Loop(LoopParts parts, const TrainerOptions& options)
    : parts_(std::move(parts)),
      options_(options),
      skips_steps_(options.non_finite == "skip_step"),
      buffers_(buffers_of(parts_.model)) {
  state_.counters.total_epochs = options.epochs;
  for (const auto& group : parts_.group_params) gradients_.emplace_back(group.size());
}

void Loop::restore(const LoopState& state) {
  state_ = state;
  state_.counters.total_epochs = options_.epochs;
}

double Loop::mean_loss() const {
  return state_.loss_weight > 0.0 ? state_.loss_sum / state_.loss_weight
                                  : std::numeric_limits<double>::quiet_NaN();
}

Loop::Outcome Loop::run_epoch(const std::function<bool()>& on_step) {
  open_epoch();
  const std::int64_t batches = parts_.train_loader.batches_per_epoch();
  while (state_.reply < KNACK_REPLY_STOP_EPOCH && state_.batches_done < batches && fetch_window()) {
    if (skips_steps_) buffers_.keep();
    marks_.clear();
    bool has_gradient = false;
    for (std::size_t position = 0; position < window_.size(); ++position) {
      has_gradient |= run_micro_batch(position);
    }
    state_.reply = finish_window(has_gradient);
    if (!on_step()) return Outcome::interrupted;
  }
  state_.in_epoch = false;
  const std::uint32_t reply = std::exchange(state_.reply, KNACK_REPLY_CONTINUE);
  return reply == KNACK_REPLY_STOP_FIT ? Outcome::stop_fit : Outcome::epoch_done;
}

// An epoch that is open already goes on where it stood.
void Loop::open_epoch() {
  const bool begins = !state_.in_epoch;
  if (begins) {
    ++state_.counters.epoch;
    state_.in_epoch = true;
    state_.batches_done = 0;
    state_.steps_before_epoch = state_.counters.step;
    state_.loss_sum = state_.loss_weight = 0.0;
    state_.skipped_in_epoch = 0;
  }
  parts_.model.set_training(true);
  parts_.train_loader.start_epoch(state_.counters.epoch, state_.batches_done);
  if (begins) {
    knack_hook_context_t begin = context();
    parts_.hooks.call(Hook::epoch_begin, begin);
  }
}

bool Loop::fetch_window() {
  knack_hook_context_t begin = context();
  parts_.hooks.call(Hook::window_begin, begin);
  const std::int64_t wanted = std::max<std::int64_t>(begin.request_micro_batches, 1);
  const std::int64_t batches = parts_.train_loader.batches_per_epoch();
  Counters& counters = state_.counters;
  counters.total_steps = state_.steps_before_epoch + (counters.total_epochs - counters.epoch + 1) *
                                                         ((batches + wanted - 1) / wanted);
  window_.clear();
  while (static_cast<std::int64_t>(window_.size()) < wanted) {
    std::optional<Batch> batch = parts_.train_loader.next();
    if (!batch) break;
    MicroBatch& micro_batch = window_.emplace_back();
    micro_batch.inputs = parts_.placement.place(batch->inputs);
    micro_batch.targets = parts_.placement.place(batch->targets);
    micro_batch.indices = std::move(batch->indices);
    micro_batch.samples = batch->samples;
  }
  state_.batches_done += static_cast<std::int64_t>(window_.size());
  show_window_to_tricks();
  return !window_.empty();
}

// All data of a window is there, and final, before its first backward: so each micro-batch's share
// of the window is known.
void Loop::show_window_to_tricks() {
  window_weight_ = dropped_weight_ = 0.0;
  Counters ahead = state_.counters;
  for (std::size_t position = 0; position < window_.size(); ++position) {
    MicroBatch& batch = window_[position];
    ++ahead.micro_batch;
    ahead.samples_seen += batch.samples;
    knack_hook_context_t arrived = window_context(ahead, position);
    const std::uint32_t reply = parts_.hooks.call(Hook::batch, arrived, &batch);
    if (reply != KNACK_REPLY_SKIP_BATCH) {
      batch.weight = parts_.objective.weight(batch.targets, batch.samples);
      window_weight_ += batch.weight;
    }
  }
}

bool Loop::run_micro_batch(std::size_t position) {
  marks_.emplace_back(parts_.placement.device());
  MicroBatch& batch = window_[position];
  ++state_.counters.micro_batch;
  state_.counters.samples_seen += batch.samples;
  if (batch.weight <= 0.0) return false;
  knack_hook_context_t at = window_context(state_.counters, position);
  std::uint32_t reply = KNACK_REPLY_CONTINUE;
  {
    const at::AutoGradMode recording(true);
    const AutocastScope autocast(parts_.placement.device(), parts_.placement.autocast());
    batch.outputs = parts_.model.forward(batch.inputs);
    reply = parts_.hooks.call(Hook::forward, at, &batch);
    if (reply != KNACK_REPLY_SKIP_BATCH) {
      batch.loss = parts_.objective.loss(batch.outputs, batch.targets);
      reply = parts_.hooks.call(Hook::loss, at, &batch);
    }
  }
  if (reply == KNACK_REPLY_SKIP_BATCH) {
    dropped_weight_ += batch.weight;
    batch = MicroBatch{};
    return false;
  }

  const double share = batch.weight / window_weight_;
  (share == 1.0 ? batch.loss : batch.loss * share).backward();
  parts_.hooks.call(Hook::gradients, at, &batch);
  batch.outputs = Value();  // with the loss below this frees the graph
  batch.loss = batch.loss.detach();
  return true;
}

std::uint32_t Loop::finish_window(bool has_gradient) {
  const at::NoGradGuard no_grad;
  knack_hook_context_t at = window_context(state_.counters, window_.size() - 1);
  if (has_gradient) {
    if (dropped_weight_ > 0.0) {
      rescale_gradients(window_weight_ / (window_weight_ - dropped_weight_));
    }
    const WindowNumbers numbers = read_numbers(window_, parts_.group_params);
    note_numbers(numbers);
    const bool may_step =
        judge_numbers(numbers) && parts_.hooks.call(Hook::before_step, at) != KNACK_REPLY_SKIP_STEP;
    at.stepped = may_step ? 1 : 0;
  }
  if (at.stepped != 0) {
    collect_gradients();
    parts_.optimizer.step(gradients_);
    ++state_.counters.step;
    at.step = state_.counters.step;
  }
  window_.clear();
  const std::uint32_t reply = parts_.hooks.call(Hook::after_step, at);
  clear_gradients();
  return reply;
}

// Those that are not finite are no part of a mean.
void Loop::note_numbers(const WindowNumbers& numbers) {
  state_.gradient_norm = kNoNumber;
  if (!numbers.are_finite()) return;
  double window_sum = 0.0;
  for (std::size_t position = 0; position < window_.size(); ++position) {
    if (!window_[position].loss.defined()) continue;
    state_.loss_sum += numbers.losses[position] * window_[position].weight;
    state_.loss_weight += window_[position].weight;
    window_sum += numbers.losses[position] * window_[position].weight;
  }
  state_.window_loss = window_sum / (window_weight_ - dropped_weight_);
  if (is_window_recorded()) state_.gradient_norm = gradient_norm(parts_.group_params);
}

bool Loop::judge_numbers(const WindowNumbers& numbers) {
  if (!numbers.are_finite()) {
    refuse_step(numbers);
    return false;
  }
  state_.skipped_in_row = 0;
  return true;
}

bool Loop::is_window_recorded() const {
  const std::int64_t every = options_.record_every_steps;
  return (every > 0 && (state_.counters.step + 1) % every == 0) ||
         state_.batches_done >= parts_.train_loader.batches_per_epoch();
}

void Loop::refuse_step(const WindowNumbers& numbers) {
  const bool ends = !skips_steps_ || state_.skipped_in_row == options_.non_finite_limit;
  if (ends || state_.skipped_in_epoch == 0) {
    std::string text = "epoch " + std::to_string(state_.counters.epoch) + ", step " +
                       std::to_string(state_.counters.step + 1) + ", " +
                       explain({parts_.model, parts_.objective, parts_.hooks, parts_.placement,
                                window_, marks_, numbers});
    if (ends && skips_steps_) {
      text += "; the " + std::to_string(options_.non_finite_limit) +
              " steps before were skipped for such numbers, the limit of trainer.non_finite_limit";
    }
    if (ends) {
      throw Error(
          "E0602",
          text + (skips_steps_ ? "" : "; trainer.non_finite \"skip_step\" leaves such steps out"));
    }
    if (parts_.warn) parts_.warn(text + "; steps with such numbers are skipped");
  }
  ++state_.skipped_in_epoch;
  ++state_.skipped_in_row;
  buffers_.put_back();
}

// Undefined rather than zeroed: the next backward then writes instead of adding.
void Loop::clear_gradients() {
  for (std::size_t group = 0; group < gradients_.size(); ++group) {
    for (std::size_t i = 0; i < gradients_[group].size(); ++i) {
      gradients_[group][i].reset();
      parts_.group_params[group][i].mutable_grad().reset();
    }
  }
}

void Loop::rescale_gradients(double factor) {
  for (auto& group : parts_.group_params) {
    for (at::Tensor& parameter : group) {
      if (parameter.grad().defined()) parameter.mutable_grad().mul_(factor);
    }
  }
}

void Loop::collect_gradients() {
  for (std::size_t group = 0; group < gradients_.size(); ++group) {
    for (std::size_t i = 0; i < gradients_[group].size(); ++i) {
      gradients_[group][i] = parts_.group_params[group][i].grad();
    }
  }
}

knack_hook_context_t Loop::context(const Counters& counters, const TrainerOptions& options) {
  knack_hook_context_t context{};
  context.struct_size = sizeof(context);
  context.epoch = counters.epoch;
  context.total_epochs = counters.total_epochs;
  context.step = counters.step;
  context.total_steps = counters.total_steps;
  context.micro_batch = counters.micro_batch;
  context.samples_seen = counters.samples_seen;
  context.monitor = lend(options.monitor);
  context.higher_is_better = options.mode == "max" ? 1 : 0;
  return context;
}

knack_hook_context_t Loop::window_context(const Counters& counters, std::size_t position) const {
  knack_hook_context_t context = Loop::context(counters, options_);
  context.window_micro_batches = static_cast<std::int64_t>(window_.size());
  context.window_position = static_cast<std::int64_t>(position);
  context.window_weight = window_weight_;
  return context;
}

}  // namespace knack::host
