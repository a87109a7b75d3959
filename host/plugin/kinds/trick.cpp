// SPDX-License-Identifier: MIT
#include "host/plugin/kinds/trick.hpp"

#include <utility>

#include "host/plugin/guard.hpp"
#include "host/plugin/tensor_handle.hpp"

namespace knack::host {
namespace {

constexpr std::int64_t kMostMicroBatches = 1 << 20;

void check_answers(const Call& call, const HookFacts& hook, const knack_hook_context_t& context) {
  if (context.reply >= hook.replies.size() || !hook.replies[context.reply]) {
    call.fail_check("a reply that this hook has", std::to_string(context.reply));
  }
  const std::int64_t requested = context.request_micro_batches;
  if (requested == 0) return;
  if (!hook.may_request_micro_batches) {
    call.fail_check("no request for micro-batches here", std::to_string(requested));
  }
  if (requested < 0 || requested > kMostMicroBatches) {
    call.fail_check("1 to " + std::to_string(kMostMicroBatches) + " micro-batches",
                    std::to_string(requested));
  }
}

/// Moves one replacement out of the context.
void take_value(Call& call, knack_value_t& given, bool legal, const char* what, Value& taken) {
  if (given.tag == KNACK_VALUE_NONE) return;
  if (!legal) call.fail_check("no replacement here", what);
  taken = call.take(std::exchange(given, knack_value_t{}));
}

void take_loss(Call& call, knack_tensor_t*& given, bool legal, at::Tensor& taken) {
  if (given == nullptr) return;
  if (!legal) call.fail_check("no replacement here", "new_loss");
  taken = call.take_loss(std::exchange(given, nullptr));
}

/// Gives back the replacements that are still in the context, because the hook or its answers
/// failed, before the memory they lie in ends with the call.
class Leftovers {
 public:
  explicit Leftovers(knack_hook_context_t& context) : context_(context) {}
  Leftovers(const Leftovers&) = delete;
  Leftovers& operator=(const Leftovers&) = delete;
  ~Leftovers() {
    for (knack_value_t* value :
         {&context_.new_inputs_owned, &context_.new_targets_owned, &context_.new_outputs_owned}) {
      if (value->tag != KNACK_VALUE_NONE) Value::release(std::exchange(*value, {}));
    }
    knack_tensor_t* loss = std::exchange(context_.new_loss_owned, nullptr);
    if (loss != nullptr) take_tensor(loss);
  }

 private:
  knack_hook_context_t& context_;
};

}  // namespace

Trick::Trick(Instance&& instance) : Instance(std::move(instance)) {
  const auto slots = this->slots<knack_trick_t>();
  for (const HookFacts& hook : kHooks) {
    hooks_[static_cast<std::size_t>(hook.hook)] = slots.*hook.slot;
  }
}

void Trick::call(Hook hook, knack_hook_context_t& context, Replacements& replacements) const {
  const HookFacts& facts = facts_of(hook);
  Call call(this->context(), facts.name);
  const Leftovers leftovers(context);
  call.run([&] { return hooks_[static_cast<std::size_t>(hook)](as<knack_trick_t>(), &context); });
  take_value(call, context.new_inputs_owned, facts.may_replace_inputs, "new_inputs",
             replacements.inputs);
  take_value(call, context.new_targets_owned, facts.may_replace_targets, "new_targets",
             replacements.targets);
  take_value(call, context.new_outputs_owned, facts.may_replace_outputs, "new_outputs",
             replacements.outputs);
  take_loss(call, context.new_loss_owned, facts.may_replace_loss, replacements.loss);
  check_answers(call, facts, context);
}

}  // namespace knack::host
