// SPDX-License-Identifier: MIT
#include "host/train/hooks.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "host/common/error.hpp"
#include "host/plugin/tensor_handle.hpp"
#include "host/recipe/diagnostics.hpp"

namespace knack::host {
namespace {

constexpr bool records_gradient(Hook hook) {
  return hook == Hook::batch || hook == Hook::forward || hook == Hook::loss;
}

/// Shows a micro-batch to a hook. The views live as long as this object.
class Exhibit {
 public:
  Exhibit(knack_hook_context_t& context, MicroBatch& batch)
      : context_(context), inputs_(batch.inputs), targets_(batch.targets), outputs_(batch.outputs) {
    context.inputs_borrowed = inputs_.get();
    context.targets_borrowed = targets_.get();
    context.outputs_borrowed = outputs_.get();
    context.loss_borrowed = batch.loss.defined() ? borrow(batch.loss) : nullptr;
    context.batch_indices_borrowed = batch.indices.data();
    context.batch_samples = batch.samples;
    context.batch_weight = batch.weight;
  }
  ~Exhibit() {
    context_.inputs_borrowed = context_.targets_borrowed = context_.outputs_borrowed = nullptr;
    context_.loss_borrowed = nullptr;
    context_.batch_indices_borrowed = nullptr;
  }
  Exhibit(const Exhibit&) = delete;
  Exhibit& operator=(const Exhibit&) = delete;

 private:
  knack_hook_context_t& context_;
  BorrowedValue inputs_;
  BorrowedValue targets_;
  BorrowedValue outputs_;
};

void replace(Value& value, Value& replacement) {
  if (!replacement.is_none()) value = std::exchange(replacement, Value());
}

void take_replacements(MicroBatch& batch, Replacements& replacements) {
  replace(batch.inputs, replacements.inputs);
  replace(batch.targets, replacements.targets);
  replace(batch.outputs, replacements.outputs);
  if (replacements.loss.defined()) batch.loss = std::exchange(replacements.loss, at::Tensor());
}

void note_window_request(knack_hook_context_t& context, const Trick& trick, const Trick*& asker,
                         std::int64_t& wanted) {
  const std::int64_t request = std::exchange(context.request_micro_batches, 0);
  if (asker != nullptr) throw window_conflict({asker->name(), trick.name()});
  asker = &trick;
  wanted = request;
}

}  // namespace

Error window_conflict(const std::vector<std::string>& tricks) {
  Diagnostic problem{.id = "E0319",
                     .sentence = "tricks " + backticked_list(tricks) +
                                 ": expected one that asks for the number of micro-batches of a "
                                 "step, found " +
                                 std::to_string(tricks.size())};
  problem.helps = {"leave all but one of them out"};
  problem.subject = "tricks[" + tricks.back() + "]";
  return Error(problem);
}

Hooks::Hooks(std::vector<Trick> tricks) : tricks_(std::move(tricks)), time_(tricks_.size()) {
  for (std::size_t i = 0; i < kHookCount; ++i) {
    for (Trick& trick : tricks_) {
      if (trick.subscribes(static_cast<Hook>(i))) subscribers_[i].push_back(&trick);
    }
    if (kHooks[i].closes) std::reverse(subscribers_[i].begin(), subscribers_[i].end());
  }
}

std::uint32_t Hooks::call(Hook hook, knack_hook_context_t& context, MicroBatch* batch,
                          std::string_view except) {
  std::uint32_t strongest = KNACK_REPLY_CONTINUE;
  const Trick* asker = nullptr;
  std::int64_t wanted = 0;
  if (!has_subscribers(hook)) return strongest;
  const at::AutoGradMode grad_mode(records_gradient(hook));
  for (Trick* trick : subscribers(hook)) {
    if (!except.empty() && trick->name() == except) continue;
    if (around_) {
      around_(*trick, hook, context, batch, [&] { call_one(*trick, hook, context, batch); });
    } else {
      call_one(*trick, hook, context, batch);
    }
    strongest = std::max(strongest, context.reply);
    if (context.request_micro_batches != 0) note_window_request(context, *trick, asker, wanted);
  }
  context.request_micro_batches = wanted;
  return strongest;
}

void Hooks::call_one(Trick& trick, Hook hook, knack_hook_context_t& context, MicroBatch* batch) {
  context.reply = KNACK_REPLY_CONTINUE;
  const auto start = std::chrono::steady_clock::now();
  if (batch != nullptr) {
    const Exhibit exhibit(context, *batch);
    trick.call(hook, context, replacements_);
    take_replacements(*batch, replacements_);
  } else {
    trick.call(hook, context, replacements_);
  }
  time_[static_cast<std::size_t>(&trick - tricks_.data())] +=
      std::chrono::steady_clock::now() - start;
}

}  // namespace knack::host
