// SPDX-License-Identifier: MIT
// The steps of ToyFit. Part of toy_fit.hpp.
#pragma once

#include <knack/testing/toy_fit.hpp>

namespace knack::testing {

inline ToyFit::ToyFit(FakeHost& host, knack_trick_t& trick, const ToyPlan& plan)
    : host_(host),
      trick_(trick),
      plan_(plan),
      hooks_(host, trick),
      model_(host),
      optimizer_(
          host,
          {{"lr", plan.lr}, {"momentum", plan.momentum}, {"weight_decay", plan.weight_decay}}),
      data_(plan.samples, plan.seed),
      valid_(plan.valid_samples, plan.seed, plan.samples) {
  model_.build();
  host_.set_run(this);
  counters_.total_epochs = plan.epochs;
  counters_.higher_is_better = 1;
  counters_.monitor = fake::lend_text("top1");
}

inline void ToyFit::begin() {
  if (has_begun_) return;
  hooks_.call(fake::kFitBegin, counters_);
  has_begun_ = true;
  optimizer_.make_groups();
}

inline std::int64_t ToyFit::run(std::int64_t steps) {
  begin();
  std::int64_t made = 0;
  for (; made < steps && !is_over(); ++made) {
    if (!in_epoch_) open_epoch();
    run_window();
    const bool is_consumed = batches_done_ * plan_.batch_size >= plan_.samples;
    if (is_consumed || reply_ != KNACK_REPLY_CONTINUE) close_epoch();
  }
  return made;
}

inline void ToyFit::run() {
  begin();
  while (!is_over()) run(1);
  finish();
}

inline void ToyFit::finish() {
  begin();
  hooks_.call(fake::kFitEnd, counters_);
  evaluate_all(true);
}

inline void ToyFit::open_epoch() {
  in_epoch_ = true;
  ++counters_.epoch;
  batches_done_ = 0;
  steps_before_epoch_ = counters_.step;
  reply_ = KNACK_REPLY_CONTINUE;
  hooks_.call(fake::kEpochBegin, counters_);
}

inline void ToyFit::close_epoch() {
  in_epoch_ = false;
  evaluate_all(false);
  const std::uint32_t reply = hooks_.call(fake::kEpochEnd, counters_).reply;
  is_stopped_ = reply == KNACK_REPLY_STOP_FIT || reply_ == KNACK_REPLY_STOP_FIT;
}

inline void ToyFit::run_window() {
  fetch_window();
  bool has_gradient = false;
  for (std::size_t i = 0; i < window_.size(); ++i) has_gradient |= run_micro_batch(i);
  finish_window(has_gradient);
}

/// All data of a window is there, and final, before its first backward: so each micro-batch's share
/// of the window is known.
inline void ToyFit::fetch_window() {
  const std::int64_t asked = hooks_.call(fake::kWindowBegin, counters_).request_micro_batches;
  const std::int64_t wanted = std::max<std::int64_t>(asked, 1);
  const std::int64_t batches = (plan_.samples + plan_.batch_size - 1) / plan_.batch_size;
  counters_.total_steps = steps_before_epoch_ +
                          (plan_.epochs - counters_.epoch + 1) * ((batches + wanted - 1) / wanted);
  const std::vector<std::int64_t> order = data_.order(counters_.epoch);
  window_.clear();
  for (; batches_done_ < batches && static_cast<std::int64_t>(window_.size()) < wanted;
       ++batches_done_) {
    const auto first = order.begin() + batches_done_ * plan_.batch_size;
    const auto count = std::min<std::int64_t>(plan_.batch_size, order.end() - first);
    ToyData::Batch batch = data_.batch({first, first + count});
    ToyMicroBatch& micro_batch = window_.emplace_back();
    micro_batch.inputs = std::move(batch.inputs);
    micro_batch.targets = std::move(batch.targets);
    micro_batch.indices = std::move(batch.indices);
  }
  window_weight_ = dropped_weight_ = 0;
  const knack_hook_context_t before = counters_;
  for (std::size_t i = 0; i < window_.size(); ++i) {
    ToyMicroBatch& batch = window_[i];
    ++counters_.micro_batch;
    counters_.samples_seen += static_cast<std::int64_t>(batch.indices.size());
    if (hooks_.call(fake::kBatch, at(i), &batch).reply == KNACK_REPLY_SKIP_BATCH) continue;
    batch.weight = static_cast<double>(batch.targets.tensor().sizes.at(0));
    window_weight_ += batch.weight;
  }
  counters_ = before;
}

inline knack_hook_context_t ToyFit::at(std::size_t position) const {
  knack_hook_context_t context = counters_;
  context.window_micro_batches = static_cast<std::int64_t>(window_.size());
  context.window_position = static_cast<std::int64_t>(position);
  context.window_weight = window_weight_;
  return context;
}

inline bool ToyFit::run_micro_batch(std::size_t position) {
  ToyMicroBatch& batch = window_[position];
  ++counters_.micro_batch;
  counters_.samples_seen += static_cast<std::int64_t>(batch.indices.size());
  if (batch.weight <= 0) return false;
  const ToyModel::Activations activations = model_.forward(batch.inputs.tensor(), Mode::train);
  batch.outputs = OwnedValue::of(
      tensor_from(activations.outputs, KNACK_DTYPE_FLOAT32, {activations.samples, kToyClasses}));
  std::uint32_t reply = hooks_.call(fake::kForward, at(position), &batch).reply;
  ToyLoss loss;
  if (reply != KNACK_REPLY_SKIP_BATCH) {
    loss = toy_loss(batch.outputs.tensor(), batch.targets.tensor());
    batch.loss = std::make_unique<LentTensor>(
        tensor_from(std::vector<double>{loss.mean}, KNACK_DTYPE_FLOAT32, {}));
    reply = hooks_.call(fake::kLoss, at(position), &batch).reply;
  }
  if (reply == KNACK_REPLY_SKIP_BATCH) {
    dropped_weight_ += batch.weight;
    batch = {};
    return false;
  }
  add_gradients(activations, loss.slopes, batch.weight / window_weight_);
  hooks_.call(fake::kGradients, at(position), &batch);
  return true;
}

inline void ToyFit::add_gradients(const ToyModel::Activations& activations,
                                  const std::vector<double>& slopes, double share) {
  const std::vector<double> norm_weight = elements(model_.tensor("norm.weight"));
  for (const auto& [name, numbers] : ToyModel::backward(activations, slopes, norm_weight)) {
    const FakeTensor& weight = model_.tensor(name);
    if (!weight.requires_grad) continue;
    const FakeTensor& sum =
        *gradients_.try_emplace(name, FakeTensor(weight.dtype, weight.sizes)).first->second;
    for (std::int64_t i = 0; i < sum.numel(); ++i) {
      sum.set(i, sum.get(i) + share * numbers[static_cast<std::size_t>(i)]);
    }
  }
}

inline void ToyFit::finish_window(bool has_gradient) {
  knack_hook_context_t context = at(window_.size() - 1);
  if (has_gradient) {
    const double factor = window_weight_ / (window_weight_ - dropped_weight_);
    for (const auto& [name, gradient] : gradients_) {
      for (std::int64_t i = 0; i < gradient->numel(); ++i) {
        gradient->set(i, gradient->get(i) * factor);
      }
    }
    context.stepped =
        hooks_.call(fake::kBeforeStep, context).reply != KNACK_REPLY_SKIP_STEP ? 1 : 0;
  }
  if (context.stepped != 0) {
    optimizer_.step(gradients_);
    context.step = ++counters_.step;
  }
  window_.clear();
  reply_ = hooks_.call(fake::kAfterStep, context).reply;
  gradients_.clear();
}

inline knack_tensor_t* ToyFit::gradient(std::size_t param) {
  const auto found = gradients_.find(host_.params.at(param).name);
  return found == gradients_.end() ? nullptr : found->second.handle();
}

inline double& ToyFit::group_option(std::size_t group, std::string_view option) {
  ToyOptimizer::Options& options = optimizer_.groups().at(group).options;
  const auto found = options.find(option);
  if (found == options.end()) {
    throw Error(
        KNACK_STATUS_NOT_FOUND,
        "the toy optimizer has lr, momentum and weight_decay, no \"" + std::string(option) + "\"");
  }
  return found->second;
}

}  // namespace knack::testing
