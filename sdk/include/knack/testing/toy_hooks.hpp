// SPDX-License-Identifier: MIT
// Calls the hooks of a trick as a host does, and checks the answers. Part of toy_fit.hpp.
#pragma once

#include <knack/testing/fake_host.hpp>
#include <knack/testing/toy_objective.hpp>

namespace knack::testing {

/// One micro-batch on its way through a step.
struct ToyMicroBatch {
  OwnedValue inputs;
  OwnedValue targets;
  OwnedValue outputs;
  std::unique_ptr<LentTensor> loss;
  std::vector<std::int64_t> indices;
  double weight = 0;
  bool has_gradient = false;
};

/// A hook that failed, or gave an answer that it may not give.
class HookFailure : public std::runtime_error {
 public:
  HookFailure(const std::string& hook, std::int32_t status, const std::string& text)
      : std::runtime_error(hook + ": " + text), status_(status) {}
  /// KNACK_STATUS_OK when the answer was wrong.
  [[nodiscard]] std::int32_t status() const {
    return status_;
  }

 private:
  std::int32_t status_;
};

/// What the ABI says of one hook.
struct ToyHook {
  const char* name;
  knack_hook_t knack_trick_t::* slot;
  std::array<std::uint32_t, 2> replies = {};  // those it may give besides CONTINUE
  bool may_replace_data = false;
  bool may_replace_outputs = false;
  bool may_replace_loss = false;
  bool may_request = false;
};

namespace fake {

inline constexpr ToyHook kFitBegin{"fit_begin", &knack_trick_t::fit_begin};
inline constexpr ToyHook kEpochBegin{"epoch_begin", &knack_trick_t::epoch_begin};
inline constexpr ToyHook kWindowBegin{
    "window_begin", &knack_trick_t::window_begin, {}, false, false, false, true};
inline constexpr ToyHook kBatch{"batch", &knack_trick_t::batch, {KNACK_REPLY_SKIP_BATCH}, true};
inline constexpr ToyHook kForward{
    "forward", &knack_trick_t::forward, {KNACK_REPLY_SKIP_BATCH}, false, true};
inline constexpr ToyHook kLoss{"loss", &knack_trick_t::loss, {KNACK_REPLY_SKIP_BATCH}, false, false,
                               true};
inline constexpr ToyHook kGradients{"gradients", &knack_trick_t::gradients};
inline constexpr ToyHook kBeforeStep{
    "before_step", &knack_trick_t::before_step, {KNACK_REPLY_SKIP_STEP}};
inline constexpr ToyHook kAfterStep{
    "after_step", &knack_trick_t::after_step, {KNACK_REPLY_STOP_EPOCH, KNACK_REPLY_STOP_FIT}};
inline constexpr ToyHook kEvalBegin{"eval_begin", &knack_trick_t::eval_begin};
inline constexpr ToyHook kEvalEnd{"eval_end", &knack_trick_t::eval_end};
inline constexpr ToyHook kEpochEnd{"epoch_end", &knack_trick_t::epoch_end, {KNACK_REPLY_STOP_FIT}};
inline constexpr ToyHook kFitEnd{"fit_end", &knack_trick_t::fit_end};

}  // namespace fake

/// A trick, entered through its hooks alone.
class ToyHooks {
 public:
  ToyHooks(FakeHost& host, knack_trick_t& trick) : host_(host), trick_(trick) {}

  /// Calls the hook, if the trick has it, and puts what it replaced into `batch`. Returns the context
  /// with its answers. Throws HookFailure.
  knack_hook_context_t call(const ToyHook& hook, knack_hook_context_t context,
                            ToyMicroBatch* batch = nullptr) {
    const knack_hook_t function = trick_.*hook.slot;
    context.reply = KNACK_REPLY_CONTINUE;
    context.request_micro_batches = 0;
    if (function == nullptr) return context;
    calls_.emplace_back(hook.name);
    if (batch != nullptr) exhibit(*batch, context);
    LentStruct<knack_hook_context_t> lent(host_, context);
    const std::int64_t wrong_releases = FakeHandles::all().wrong_releases();
    host_.error.clear();
    const std::int32_t status = function(&trick_, lent.get());
    knack_hook_context_t answer = lent.read();
    Answers answers(answer);
    if (status != KNACK_STATUS_OK) refuse(hook, status);
    lent.check_tail();
    if (FakeHandles::all().wrong_releases() != wrong_releases) {
      throw HookFailure(hook.name, KNACK_STATUS_OK,
                        "released a tensor handle that it does not own; borrowed ones stay");
    }
    check(hook, answer, answers);
    if (batch != nullptr) answers.move_to(*batch);
    return answer;
  }

  /// The hooks that were called, in order.
  [[nodiscard]] const std::vector<std::string>& calls() const {
    return calls_;
  }

 private:
  /// Replacements, taken out of the context so that they are given back on every way out.
  struct Answers {
    OwnedValue inputs, targets, outputs, loss;

    explicit Answers(knack_hook_context_t& context)
        : inputs(take(context.new_inputs_owned)),
          targets(take(context.new_targets_owned)),
          outputs(take(context.new_outputs_owned)) {
      if (context.new_loss_owned == nullptr) return;
      knack_value_t value{};
      value.tag = KNACK_VALUE_TENSOR;
      value.as.tensor = std::exchange(context.new_loss_owned, nullptr);
      loss = OwnedValue::take(value);
    }
    static OwnedValue take(knack_value_t& given) {
      return OwnedValue::take(std::exchange(given, {}));
    }
    void move_to(ToyMicroBatch& batch) {
      if (!inputs.is_none()) batch.inputs = std::move(inputs);
      if (!targets.is_none()) batch.targets = std::move(targets);
      if (!outputs.is_none()) batch.outputs = std::move(outputs);
      if (!loss.is_none()) batch.loss = std::make_unique<LentTensor>(loss.tensor());
    }
  };

  [[noreturn]] void refuse(const ToyHook& hook, std::int32_t status) const {
    throw HookFailure(hook.name, status,
                      host_.error.empty() ? "status " + std::to_string(status) +
                                                " without a text, which is a defect"
                                          : host_.error);
  }

  static void exhibit(const ToyMicroBatch& batch, knack_hook_context_t& context) {
    context.inputs_borrowed = batch.inputs.abi();
    context.targets_borrowed = batch.targets.abi();
    if (!batch.outputs.is_none()) context.outputs_borrowed = batch.outputs.abi();
    if (batch.loss != nullptr) context.loss_borrowed = batch.loss->handle();
    context.batch_indices_borrowed = batch.indices.data();
    context.batch_samples = static_cast<std::int64_t>(batch.indices.size());
    context.batch_weight = batch.weight;
  }

  static void check(const ToyHook& hook, const knack_hook_context_t& answer,
                    const Answers& answers) {
    const auto expect = [&](bool holds, const std::string& text) {
      if (!holds) throw HookFailure(hook.name, KNACK_STATUS_OK, text);
    };
    expect(answer.reply == KNACK_REPLY_CONTINUE || answer.reply == hook.replies[0] ||
               answer.reply == hook.replies[1],
           "replied " + std::to_string(answer.reply) + ", which this hook may not");
    expect(hook.may_replace_data || (answers.inputs.is_none() && answers.targets.is_none()),
           "replaced data, which only batch may");
    expect(hook.may_replace_outputs || answers.outputs.is_none(),
           "replaced outputs, which only forward may");
    expect(hook.may_replace_loss || answers.loss.is_none(),
           "replaced the loss, which only loss may");
    expect(answers.loss.is_none() || answers.loss.tensor().sizes.empty(),
           "expected a loss of no dimensions, found another shape");
    expect(hook.may_request || answer.request_micro_batches == 0,
           "asked for micro-batches, which only window_begin may");
    expect(answer.request_micro_batches >= 0, "asked for less than one micro-batch");
  }

  FakeHost& host_;
  knack_trick_t& trick_;
  std::vector<std::string> calls_;
};

}  // namespace knack::testing
