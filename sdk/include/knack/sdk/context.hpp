// SPDX-License-Identifier: MIT
// What a trick's hook is told, and what it may answer. Part of trick.hpp.
#pragma once

#include <knack/abi/kinds/trick.h>
#include <knack/sdk/value.hpp>

#include <span>

namespace knack::inline v1 {

/// What the host does after the hook; the strongest reply of all tricks wins.
enum class Reply : std::uint32_t {
  proceed = KNACK_REPLY_CONTINUE,
  skip_batch = KNACK_REPLY_SKIP_BATCH,  ///< batch, forward, loss
  skip_step = KNACK_REPLY_SKIP_STEP,    ///< before_step
  stop_epoch = KNACK_REPLY_STOP_EPOCH,  ///< after_step
  stop_fit = KNACK_REPLY_STOP_FIT,      ///< after_step, epoch_end
};

/// Valid during the hook. The meaning of each number: knack_hook_context_t.
class Context {
 public:
  Context(const knack_host_t* host, knack_hook_context_t* context)
      : host_(host), context_(context) {}
  [[nodiscard]] knack_hook_context_t& abi() const {
    return *context_;
  }

  [[nodiscard]] std::int64_t epoch() const {
    return context_->epoch;
  }
  [[nodiscard]] std::int64_t total_epochs() const {
    return context_->total_epochs;
  }
  /// Optimizer steps made so far; `after_step` counts the one just made.
  [[nodiscard]] std::int64_t step() const {
    return context_->step;
  }
  [[nodiscard]] std::int64_t total_steps() const {
    return context_->total_steps;
  }
  [[nodiscard]] std::int64_t micro_batch() const {
    return context_->micro_batch;
  }
  [[nodiscard]] std::int64_t samples_seen() const {
    return context_->samples_seen;
  }
  [[nodiscard]] std::int64_t window_micro_batches() const {
    return context_->window_micro_batches;
  }
  [[nodiscard]] std::int64_t window_position() const {
    return context_->window_position;
  }
  [[nodiscard]] std::int64_t batch_samples() const {
    return context_->batch_samples;
  }
  /// batch, forward, loss, gradients: the samples of this micro-batch, as indices into the training
  /// data; empty when the host does not know them.
  [[nodiscard]] std::span<const std::int64_t> batch_indices() const {
    if (context_->batch_indices_borrowed == nullptr) return {};
    return {context_->batch_indices_borrowed, static_cast<std::size_t>(context_->batch_samples)};
  }
  [[nodiscard]] double window_weight() const {
    return context_->window_weight;
  }
  [[nodiscard]] double batch_weight() const {
    return context_->batch_weight;
  }
  /// after_step: false when the step was dropped and the weights are as they were.
  [[nodiscard]] bool stepped() const {
    return context_->stepped != 0;
  }

  [[nodiscard]] std::string_view weight_set() const {
    return detail::from_abi(context_->weight_set);
  }
  /// eval_begin, eval_end: true in the evaluations after fit_end.
  [[nodiscard]] bool is_final() const {
    return context_->is_final != 0;
  }
  /// eval_begin, eval_end: whether a trick asked for this evaluation, which is not the epoch's own.
  [[nodiscard]] bool is_trial() const {
    return context_->is_trial != 0;
  }
  [[nodiscard]] std::string_view split() const {
    return detail::from_abi(context_->split);
  }
  [[nodiscard]] std::string_view monitor() const {
    return detail::from_abi(context_->monitor);
  }
  /// eval_end: NaN when absent.
  [[nodiscard]] double monitored() const {
    return context_->monitored;
  }
  [[nodiscard]] bool higher_is_better() const {
    return context_->higher_is_better != 0;
  }

  [[nodiscard]] ValueView inputs() const {
    return ValueView(context_->inputs_borrowed);
  }
  [[nodiscard]] ValueView targets() const {
    return ValueView(context_->targets_borrowed);
  }
  [[nodiscard]] ValueView outputs() const {
    return ValueView(context_->outputs_borrowed);
  }
  [[nodiscard]] ValueView metrics() const {
    return ValueView(context_->metrics_borrowed);
  }
  [[nodiscard]] Tensor loss() const {
    return Tensor::retain(context_->loss_borrowed);
  }

  void reply(Reply reply) {
    context_->reply = static_cast<std::uint32_t>(reply);
  }
  /// batch.
  void replace_inputs(Value inputs) {
    context_->new_inputs_owned = std::move(inputs).release(host_);
  }
  /// batch.
  void replace_targets(Value targets) {
    context_->new_targets_owned = std::move(targets).release(host_);
  }
  /// forward.
  void replace_outputs(Value outputs) {
    context_->new_outputs_owned = std::move(outputs).release(host_);
  }
  /// loss: a number that depends on the parameters.
  void replace_loss(Tensor loss) {
    context_->new_loss_owned = loss.release();
  }
  /// window_begin: micro-batches wanted per optimizer step, >= 1.
  void request_micro_batches(std::int64_t count) {
    context_->request_micro_batches = count;
  }

 private:
  const knack_host_t* host_;
  knack_hook_context_t* context_;
};

}  // namespace knack::inline v1
