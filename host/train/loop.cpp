// SPDX-License-Identifier: MIT
#include "host/train/loop.hpp"

#include <ATen/ATen.h>

#include <limits>

#include "host/common/error.hpp"
#include "host/plugin/text.hpp"

namespace knack::host {

void RunningLoss::add(const at::Tensor& loss, double weight) {
  const at::NoGradGuard no_grad;
  if (!sum_.defined()) {
    sum_ = at::zeros({}, loss.options().dtype(at::kDouble));
  }
  sum_.add_(loss, weight);
  weight_ += weight;
}

double RunningLoss::mean() const {
  return weight_ > 0.0 ? sum_.item<double>() / weight_ : std::numeric_limits<double>::quiet_NaN();
}

void RunningLoss::reset() {
  if (sum_.defined()) sum_.zero_();
  weight_ = 0.0;
}

Loop::Loop(LoopParts parts, const TrainerOptions& options) : parts_(parts), options_(options) {
  counters_.total_epochs = options.epochs;
  for (const auto& group : parts_.group_params) gradients_.emplace_back(group.size());
}

Loop::Outcome Loop::run_epoch(const std::function<void()>& on_step) {
  ++counters_.epoch;
  steps_before_epoch_ = counters_.step;
  running_loss_.reset();
  parts_.model.set_training(true);
  parts_.train_loader.start_epoch(counters_.epoch);
  knack_hook_context_t begin = context();
  parts_.hooks.call(Hook::epoch_begin, begin);

  std::int64_t batches_left = parts_.train_loader.batches_per_epoch();
  while (batches_left > 0 && fetch_window()) {
    batches_left -= static_cast<std::int64_t>(window_.size());
    bool has_gradient = false;
    for (std::size_t position = 0; position < window_.size(); ++position) {
      has_gradient |= run_micro_batch(position);
    }
    const std::uint32_t reply = finish_window(has_gradient);
    on_step();
    if (reply == KNACK_REPLY_STOP_FIT) return Outcome::stop_fit;
    if (reply == KNACK_REPLY_STOP_EPOCH) break;
  }
  return Outcome::epoch_done;
}

bool Loop::fetch_window() {
  knack_hook_context_t begin = context();
  parts_.hooks.call(Hook::window_begin, begin);
  const std::int64_t wanted = std::max<std::int64_t>(begin.request_micro_batches, 1);
  const std::int64_t batches = parts_.train_loader.batches_per_epoch();
  counters_.total_steps = steps_before_epoch_ + (counters_.total_epochs - counters_.epoch + 1) *
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
  show_window_to_tricks();
  return !window_.empty();
}

// All data of a window is there, and final, before its first backward: so each micro-batch's share
// of the window is known.
void Loop::show_window_to_tricks() {
  window_weight_ = dropped_weight_ = 0.0;
  Counters ahead = counters_;
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
  MicroBatch& batch = window_[position];
  ++counters_.micro_batch;
  counters_.samples_seen += batch.samples;
  if (batch.weight <= 0.0) return false;
  knack_hook_context_t at = window_context(counters_, position);
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

  running_loss_.add(batch.loss, batch.weight);
  const double share = batch.weight / window_weight_;
  (share == 1.0 ? batch.loss : batch.loss * share).backward();
  parts_.hooks.call(Hook::gradients, at, &batch);
  batch = MicroBatch{};  // frees the graph and the data
  return true;
}

std::uint32_t Loop::finish_window(bool has_gradient) {
  const at::NoGradGuard no_grad;
  knack_hook_context_t at = window_context(counters_, window_.size() - 1);
  if (has_gradient) {
    if (dropped_weight_ > 0.0) {
      rescale_gradients(window_weight_ / (window_weight_ - dropped_weight_));
    }
    const std::uint32_t verdict = parts_.hooks.call(Hook::before_step, at);
    at.stepped = verdict == KNACK_REPLY_SKIP_STEP ? 0 : 1;
  }
  if (at.stepped != 0) {
    collect_gradients();
    parts_.optimizer.step(gradients_);
    ++counters_.step;
    at.step = counters_.step;
  }
  const std::uint32_t reply = parts_.hooks.call(Hook::after_step, at);
  clear_gradients();
  return reply;
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
