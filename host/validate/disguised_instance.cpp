// SPDX-License-Identifier: MIT
// Instances that pass every call on, and stand where the host expects those of the plugin.
#include <knack/abi/knack.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "host/validate/disguise.hpp"
#include "host/validate/fixed_text.hpp"

namespace knack::host {
namespace {

/// Toy fits take ten steps; what a dataset has beyond this is not looked at.
constexpr std::int64_t kMostTrainingSamples = 40;
constexpr std::int64_t kMostOtherSamples = 16;

union AnyKind {
  knack_instance_t head;
  knack_trick_t trick;
  knack_model_t model;
  knack_dataset_t dataset;
  knack_objective_t objective;
  knack_optimizer_t optimizer;
};

struct DisguisedInstance {
  AnyKind shown{};  ///< what the host has
  AnyKind slots{};  ///< those of the plugin
  knack_instance_t* inner = nullptr;
  Disguise& disguise;
  const InstanceContext& context;
  bool is_subject;
  std::unique_ptr<HostTable> table;
  std::vector<std::uint64_t> group_sizes;  ///< of an optimizer

  static DisguisedInstance& of(void* shown) {
    return *static_cast<DisguisedInstance*>(static_cast<knack_instance_t*>(shown)->self);
  }
  LoanTerms terms() const {
    return is_subject ? disguise.terms : LoanTerms{};
  }
};

/// One call into the plugin.
class Visit {
 public:
  Visit(const DisguisedInstance& instance, const char* function)
      : instance_(instance), function_(function) {
    if (instance.is_subject && instance.disguise.before) {
      instance.disguise.before(instance.context, function);
    }
  }
  void end() const {
    if (instance_.is_subject && instance_.disguise.after) {
      instance_.disguise.after(instance_.context, function_);
    }
  }

 private:
  const DisguisedInstance& instance_;
  const char* function_;
};

template <auto slot, FixedText name>
struct Pass;

template <class Kind, class Result, class... Arguments, Result (*Kind::*slot)(Kind*, Arguments...),
          FixedText name>
struct Pass<slot, name> {
  static Result call(Kind* shown, Arguments... arguments) {
    DisguisedInstance& self = DisguisedInstance::of(shown);
    const Kind& slots = reinterpret_cast<const Kind&>(self.slots);
    const Visit visit(self, name.text);
    Result result;
    {
      Loan loan(self.terms(), self.group_sizes);
      result = (slots.*slot)(reinterpret_cast<Kind*>(self.inner), loan.lend(arguments)...);
    }
    visit.end();
    return result;
  }
};

/// Fills a slot of `shown` where the plugin has one.
template <auto slot, FixedText name, class Kind>
void pass(Kind& shown, const Kind& slots) {
  if (slots.*slot != nullptr) shown.*slot = Pass<slot, name>::call;
}

void destroy(knack_instance_t* shown) {
  const std::unique_ptr<DisguisedInstance> self(&DisguisedInstance::of(shown));
  const Visit visit(*self, "destroy");
  self->inner->destroy(self->inner);
  visit.end();
}

std::int32_t length(knack_dataset_t* shown, std::int64_t* out_length) {
  const std::int32_t status = Pass<&knack_dataset_t::length, "length">::call(shown, out_length);
  const bool is_training = DisguisedInstance::of(shown).context.name == "data.train";
  const std::int64_t most = is_training ? kMostTrainingSamples : kMostOtherSamples;
  if (status == KNACK_STATUS_OK) *out_length = std::min(*out_length, most);
  return status;
}

std::int32_t add_group(knack_optimizer_t* shown, const knack_param_group_t* group) {
  DisguisedInstance::of(shown).group_sizes.push_back(group->count);
  return Pass<&knack_optimizer_t::add_group, "add_group">::call(shown, group);
}

/// The step without the gradient of the last parameter of the last group.
std::int32_t step_without_last(knack_optimizer_t* shown, knack_optimizer_step_t step) {
  const std::uint64_t size = DisguisedInstance::of(shown).group_sizes.back();
  std::vector<knack_tensor_t* const*> groups(step.gradients_borrowed,
                                             step.gradients_borrowed + step.group_count);
  std::vector<knack_tensor_t*> last(groups.back(), groups.back() + size);
  last.back() = nullptr;
  groups.back() = last.data();
  step.gradients_borrowed = groups.data();
  return Pass<&knack_optimizer_t::step, "step">::call(shown, &step);
}

std::int32_t step(knack_optimizer_t* shown, const knack_optimizer_step_t* step_borrowed) {
  const DisguisedInstance& self = DisguisedInstance::of(shown);
  const Disguise& disguise = self.disguise;
  const std::int32_t status =
      self.is_subject && disguise.hides_last_gradient
          ? step_without_last(shown, *step_borrowed)
          : Pass<&knack_optimizer_t::step, "step">::call(shown, step_borrowed);
  if (disguise.after_optimizer_step) disguise.after_optimizer_step();
  return status;
}

void pass_head(knack_instance_t& shown, const knack_instance_t& slots) {
  shown.destroy = destroy;
  pass<&knack_instance_t::state_save, "state_save">(shown, slots);
  pass<&knack_instance_t::state_load, "state_load">(shown, slots);
  pass<&knack_instance_t::get_extension, "get_extension">(shown, slots);
}

void pass_trick(knack_trick_t& shown, const knack_trick_t& slots) {
  using T = knack_trick_t;
  pass<&T::fit_begin, "fit_begin">(shown, slots);
  pass<&T::epoch_begin, "epoch_begin">(shown, slots);
  pass<&T::window_begin, "window_begin">(shown, slots);
  pass<&T::batch, "batch">(shown, slots);
  pass<&T::forward, "forward">(shown, slots);
  pass<&T::loss, "loss">(shown, slots);
  pass<&T::gradients, "gradients">(shown, slots);
  pass<&T::before_step, "before_step">(shown, slots);
  pass<&T::after_step, "after_step">(shown, slots);
  pass<&T::eval_begin, "eval_begin">(shown, slots);
  pass<&T::eval_end, "eval_end">(shown, slots);
  pass<&T::epoch_end, "epoch_end">(shown, slots);
  pass<&T::fit_end, "fit_end">(shown, slots);
}

void pass_model(knack_model_t& shown, const knack_model_t& slots) {
  using T = knack_model_t;
  pass<&T::set_training, "set_training">(shown, slots);
  pass<&T::forward, "forward">(shown, slots);
  pass<&T::tensor_count, "tensor_count">(shown, slots);
  pass<&T::get_tensor, "get_tensor">(shown, slots);
  pass<&T::norm_layer_count, "norm_layer_count">(shown, slots);
  pass<&T::get_norm_layer, "get_norm_layer">(shown, slots);
  pass<&T::set_norm_training, "set_norm_training">(shown, slots);
  pass<&T::set_norm_momentum, "set_norm_momentum">(shown, slots);
}

void pass_dataset(knack_dataset_t& shown, const knack_dataset_t& slots) {
  using T = knack_dataset_t;
  if (slots.length != nullptr) shown.length = length;
  pass<&T::describe, "describe">(shown, slots);
  pass<&T::batch, "batch">(shown, slots);
}

void pass_objective(knack_objective_t& shown, const knack_objective_t& slots) {
  using T = knack_objective_t;
  pass<&T::loss, "loss">(shown, slots);
  pass<&T::weight, "weight">(shown, slots);
  pass<&T::metrics_begin, "metrics_begin">(shown, slots);
  pass<&T::metrics_update, "metrics_update">(shown, slots);
  pass<&T::metrics_result, "metrics_result">(shown, slots);
}

void pass_optimizer(knack_optimizer_t& shown, const knack_optimizer_t& slots) {
  using T = knack_optimizer_t;
  if (slots.add_group != nullptr) shown.add_group = add_group;
  if (slots.step != nullptr) shown.step = step;
  pass<&T::get_option, "get_option">(shown, slots);
  pass<&T::set_option, "set_option">(shown, slots);
}

}  // namespace

knack_instance_t* disguised_instance(Disguise& disguise, const InstanceContext& context,
                                     std::unique_ptr<HostTable> table, knack_instance_t* made) {
  auto self = std::unique_ptr<DisguisedInstance>(new DisguisedInstance{
      {}, {}, made, disguise, context, disguise.is_subject(context), std::move(table), {}});
  std::memcpy(&self->slots, made, std::min<std::size_t>(made->struct_size, sizeof(AnyKind)));
  knack_instance_t& head = self->shown.head;
  head.struct_size = sizeof(AnyKind);
  head.flags = made->flags;
  head.self = self.get();
  pass_head(head, self->slots.head);
  const std::string_view kind = context.kind;
  if (kind == KNACK_KIND_TRICK) pass_trick(self->shown.trick, self->slots.trick);
  if (kind == KNACK_KIND_MODEL) pass_model(self->shown.model, self->slots.model);
  if (kind == KNACK_KIND_DATASET) pass_dataset(self->shown.dataset, self->slots.dataset);
  if (kind == KNACK_KIND_OBJECTIVE) pass_objective(self->shown.objective, self->slots.objective);
  if (kind == KNACK_KIND_OPTIMIZER) pass_optimizer(self->shown.optimizer, self->slots.optimizer);
  return &self.release()->shown.head;
}

}  // namespace knack::host
