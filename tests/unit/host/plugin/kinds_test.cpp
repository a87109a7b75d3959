// SPDX-License-Identifier: MIT
// Instances of each kind, made of structs in this file as a plugin would fill them.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "host/plugin/guard.hpp"
#include "host/plugin/kinds/dataset.hpp"
#include "host/plugin/kinds/model.hpp"
#include "host/plugin/kinds/objective.hpp"
#include "host/plugin/kinds/optimizer.hpp"
#include "host/plugin/kinds/trick.hpp"
#include "host/plugin/tensor_handle.hpp"
#include "tests/support/error_message.hpp"

namespace knack::host {
namespace {

using knack::testing::error_message;

const HostServices kServices;
int destroyed = 0;

/// An Instance over `slots`, which outlive it.
template <class Slots>
Instance instance_of(Slots& slots, const char* kind) {
  auto context = std::make_unique<InstanceContext>("/p/it.so", kind, "it", "it", kServices);
  return Instance(std::move(context), &slots.head);
}

template <class Slots>
Slots with_head() {
  Slots slots{};
  slots.head.struct_size = sizeof(Slots);
  slots.head.destroy = [](knack_instance_t*) { ++destroyed; };
  return slots;
}

std::string defect(const std::string& what) {
  return "/p/it.so: " + what + "; report this to the plugin's author";
}

TEST(Instance, IsDestroyedOnceHoweverItMoves) {
  auto slots = with_head<knack_trick_t>();
  destroyed = 0;
  {
    Trick trick(instance_of(slots, "trick"));
    const Trick moved(std::move(trick));
    EXPECT_EQ(destroyed, 0);
  }
  EXPECT_EQ(destroyed, 1);
}

TEST(Instance, IsRefusedWithoutDestroy) {
  auto slots = with_head<knack_trick_t>();
  slots.head.destroy = nullptr;
  EXPECT_EQ(error_message(ExitCode::plugin, [&] { instance_of(slots, "trick"); }),
            defect("trick it, destroy: expected a function, found NULL"));
}

TEST(Instance, OfAnOlderMinorHasNoneOfTheLaterSlots) {
  auto slots = with_head<knack_trick_t>();
  const auto hook = [](knack_trick_t*, knack_hook_context_t*) { return KNACK_STATUS_OK; };
  slots.epoch_end = hook;
  slots.fit_end = hook;
  slots.head.struct_size = offsetof(knack_trick_t, fit_end);
  const Trick trick(instance_of(slots, "trick"));
  EXPECT_TRUE(trick.subscribes(Hook::epoch_end));
  EXPECT_FALSE(trick.subscribes(Hook::fit_end));
}

TEST(InstanceContext, NamesAnInstanceWhoseNameSaysMoreThanItsKindAndId) {
  const auto place = [](const char* kind, const char* name) {
    return InstanceContext("/p/it.so", kind, "it", name, kServices).place();
  };
  EXPECT_EQ(place("trick", "it"), "/p/it.so: trick it");
  EXPECT_EQ(place("model", "model"), "/p/it.so: model it");
  EXPECT_EQ(place("trick", "slow_it"), "/p/it.so: trick it (instance slow_it)");
  EXPECT_EQ(place("dataset", "data.train"), "/p/it.so: dataset it (instance data.train)");
}

TEST(Instance, WithoutStateTakesNoneBack) {
  auto slots = with_head<knack_trick_t>();
  const Trick trick(instance_of(slots, "trick"));
  EXPECT_FALSE(trick.has_state());
  EXPECT_EQ(error_message(ExitCode::training, [&] { trick.load_state({1, Value::Map{}}); }),
            "/p/it.so: trick it, state_load: it has no state, and cannot take back what was saved");
}

class TrickAnswers : public ::testing::Test {
 protected:
  /// Calls `hook`, in which the trick does what `answer` does.
  void call(Hook hook, knack_hook_t answer) {
    auto slots = with_head<knack_trick_t>();
    slots.*facts_of(hook).slot = answer;
    const Trick trick(instance_of(slots, "trick"));
    trick.call(hook, context, replacements);
  }
  std::string failure(Hook hook, knack_hook_t answer) {
    return error_message(ExitCode::training, [&] { call(hook, answer); });
  }

  knack_hook_context_t context{};
  Replacements replacements;
};

TEST_F(TrickAnswers, MayReplaceTheBatch) {
  call(Hook::batch, [](knack_trick_t*, knack_hook_context_t* context) {
    context->new_inputs_owned.tag = KNACK_VALUE_TENSOR;
    context->new_inputs_owned.as.tensor = give_tensor(at::full({2}, 3.0));
    context->reply = KNACK_REPLY_SKIP_BATCH;
    return KNACK_STATUS_OK;
  });
  EXPECT_EQ(replacements.inputs.get_if<at::Tensor>()->sum().item<double>(), 6.0);
  EXPECT_TRUE(replacements.targets.is_none());
  EXPECT_EQ(context.new_inputs_owned.tag, std::uint32_t{KNACK_VALUE_NONE});
  EXPECT_EQ(context.reply, KNACK_REPLY_SKIP_BATCH);
}

TEST_F(TrickAnswers, MayNotReplaceOutputsBeforeThereAreAny) {
  EXPECT_EQ(failure(Hook::batch,
                    [](knack_trick_t*, knack_hook_context_t* context) {
                      context->new_outputs_owned.tag = KNACK_VALUE_INT;
                      return KNACK_STATUS_OK;
                    }),
            defect("trick it, batch: expected no replacement here, found new_outputs"));
}

TEST_F(TrickAnswers, MayReplaceTheLossByANumberOnly) {
  EXPECT_EQ(failure(Hook::loss,
                    [](knack_trick_t*, knack_hook_context_t* context) {
                      context->new_loss_owned = give_tensor(at::ones({2}));
                      return KNACK_STATUS_OK;
                    }),
            defect("trick it, loss: expected a floating point loss without dimensions, found "
                   "CPUFloatType with 1 dimensions"));
}

TEST_F(TrickAnswers, MayNotReplaceTheLossByOneThatTrainsNothing) {
  const knack_hook_t answer = [](knack_trick_t*, knack_hook_context_t* context) {
    context->new_loss_owned = give_tensor(at::ones({}));
    return KNACK_STATUS_OK;
  };
  EXPECT_EQ(failure(Hook::loss, answer),
            defect("trick it, loss: expected a loss that depends on the parameters, found one "
                   "without gradient"));
  EXPECT_EQ(context.new_loss_owned, nullptr);
}

TEST_F(TrickAnswers, MayNotReplaceTargetsOnceTheirWeightIsCounted) {
  EXPECT_EQ(failure(Hook::forward,
                    [](knack_trick_t*, knack_hook_context_t* context) {
                      context->new_targets_owned.tag = KNACK_VALUE_INT;
                      return KNACK_STATUS_OK;
                    }),
            defect("trick it, forward: expected no replacement here, found new_targets"));
}

/// Shared with everything a hook below gives.
at::Tensor given;

std::int32_t give_everything(knack_hook_context_t* context) {
  for (knack_value_t* value :
       {&context->new_inputs_owned, &context->new_targets_owned, &context->new_outputs_owned}) {
    value->tag = KNACK_VALUE_TENSOR;
    value->as.tensor = give_tensor(given);
  }
  context->new_loss_owned = give_tensor(given);
  return KNACK_STATUS_OK;
}

TEST_F(TrickAnswers, AreGivenBackWhenTheHookFails) {
  given = at::ones({2});
  EXPECT_NE(failure(Hook::batch,
                    [](knack_trick_t*, knack_hook_context_t* context) -> std::int32_t {
                      give_everything(context);
                      set_error_text("it fails");
                      return KNACK_STATUS_FAILED;
                    }),
            "");
  EXPECT_EQ(given.use_count(), 1u);
  EXPECT_NE(failure(Hook::batch,
                    [](knack_trick_t*, knack_hook_context_t* context) -> std::int32_t {
                      give_everything(context);
                      throw std::runtime_error("it throws");
                    }),
            "");
  EXPECT_EQ(given.use_count(), 1u);
}

TEST_F(TrickAnswers, AreGivenBackWhenOneOfThemIsNotLegal) {
  given = at::ones({2});
  EXPECT_EQ(failure(Hook::gradients,
                    [](knack_trick_t*, knack_hook_context_t* context) {
                      return give_everything(context);
                    }),
            defect("trick it, gradients: expected no replacement here, found new_inputs"));
  EXPECT_EQ(given.use_count(), 1u);
}

TEST_F(TrickAnswers, MayAskForMicroBatchesBeforeAWindow) {
  const knack_hook_t ask = [](knack_trick_t*, knack_hook_context_t* context) {
    context->request_micro_batches = 4;
    return KNACK_STATUS_OK;
  };
  call(Hook::window_begin, ask);
  EXPECT_EQ(context.request_micro_batches, 4);
  EXPECT_EQ(failure(Hook::after_step, ask),
            defect("trick it, after_step: expected no request for micro-batches here, found 4"));
}

TEST(HookTable, IsIndexedByHook) {
  for (std::size_t i = 0; i < kHookCount; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kHooks[i].hook), i) << kHooks[i].name;
  }
  EXPECT_EQ(offsetof(knack_trick_t, fit_end) + sizeof(knack_hook_t), sizeof(knack_trick_t));
  EXPECT_EQ(offsetof(knack_trick_t, fit_begin) + kHookCount * sizeof(knack_hook_t),
            sizeof(knack_trick_t))
      << "a hook of the ABI is missing in the table";
}

knack_dataset_t dataset_slots() {
  auto slots = with_head<knack_dataset_t>();
  slots.length = [](knack_dataset_t*, std::int64_t* out) {
    *out = 10;
    return KNACK_STATUS_OK;
  };
  slots.batch = [](knack_dataset_t*, const knack_batch_request_t* request, knack_value_t* inputs,
                   knack_value_t* targets) {
    const at::Tensor indices = at::from_blob(const_cast<std::int64_t*>(request->indices_borrowed),
                                             {request->count}, at::kLong)
                                   .clone();
    inputs->tag = targets->tag = KNACK_VALUE_TENSOR;
    inputs->as.tensor = give_tensor(indices.to(at::kFloat) + static_cast<double>(request->epoch));
    targets->as.tensor = give_tensor(indices);
    return KNACK_STATUS_OK;
  };
  return slots;
}

TEST(Dataset, ReadsTheSamplesItIsAskedFor) {
  auto slots = dataset_slots();
  const Dataset dataset(instance_of(slots, "dataset"));
  EXPECT_EQ(dataset.length(), 10);
  EXPECT_TRUE(dataset.describe().get_if<Value::Map>()->empty());
  const std::int64_t indices[] = {4, 2};
  const Samples batch = dataset.batch(1, 7, indices);
  EXPECT_TRUE(at::equal(*batch.inputs.get_if<at::Tensor>(), at::tensor({5.0f, 3.0f})));
  EXPECT_TRUE(at::equal(*batch.targets.get_if<at::Tensor>(), at::tensor({4, 2}, at::kLong)));
}

TEST(Dataset, GetsItsTargetsBackWhenItsInputsAreRefused) {
  given = at::ones({2});
  auto slots = dataset_slots();
  slots.batch = [](knack_dataset_t*, const knack_batch_request_t*, knack_value_t* inputs,
                   knack_value_t* targets) {
    inputs->tag = 99;
    targets->tag = KNACK_VALUE_TENSOR;
    targets->as.tensor = give_tensor(given);
    return KNACK_STATUS_OK;
  };
  const Dataset dataset(instance_of(slots, "dataset"));
  const std::int64_t indices[] = {0};
  EXPECT_EQ(error_message(ExitCode::training, [&] { dataset.batch(1, 7, indices); }),
            defect("dataset it, batch: expected a value, found a value with the unknown tag 99"));
  EXPECT_EQ(given.use_count(), 1u);
}

TEST(Dataset, IsRefusedWithoutSamples) {
  auto slots = dataset_slots();
  slots.length = [](knack_dataset_t*, std::int64_t*) { return KNACK_STATUS_OK; };
  EXPECT_EQ(error_message(ExitCode::plugin, [&] { Dataset(instance_of(slots, "dataset")); }),
            defect("dataset it, length: expected at least one sample, found 0"));
}

at::Tensor weight;

knack_model_t model_slots() {
  weight = at::ones({1});
  auto slots = with_head<knack_model_t>();
  slots.set_training = [](knack_model_t*, std::uint32_t) { return KNACK_STATUS_OK; };
  slots.forward = [](knack_model_t*, const knack_value_t* inputs, knack_value_t* outputs) {
    outputs->tag = KNACK_VALUE_TENSOR;
    outputs->as.tensor = give_tensor(tensor_of(inputs->as.tensor) * weight);
    return KNACK_STATUS_OK;
  };
  slots.tensor_count = [](knack_model_t*) { return std::int64_t{2}; };
  slots.get_tensor = [](knack_model_t*, std::int64_t index, knack_model_tensor_t* out) {
    out->name = index == 0 ? knack_string_t{"weight", 6} : knack_string_t{"mean", 4};
    out->role = {"weight", 6};
    out->flags = index == 0 ? 0 : KNACK_MODEL_TENSOR_BUFFER;
    out->tensor_borrowed = borrow(weight);
    return KNACK_STATUS_OK;
  };
  return slots;
}

TEST(Model, ComputesAndListsItsTensors) {
  auto slots = model_slots();
  Model model(instance_of(slots, "model"));
  weight.set_requires_grad(true);
  const Value outputs = model.forward(at::full({1}, 3.0));
  EXPECT_TRUE(outputs.get_if<at::Tensor>()->requires_grad());
  const auto tensors = model.tensors();
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors[0].name, "weight");
  EXPECT_FALSE(tensors[0].is_buffer);
  EXPECT_TRUE(tensors[1].is_buffer);
  EXPECT_TRUE(tensors[0].tensor.is_same(weight));
  EXPECT_EQ(model.norm_layer_count(), 0u);
}

TEST(Model, IsRefusedWhenTwoTensorsHaveOneName) {
  auto slots = model_slots();
  slots.get_tensor = [](knack_model_t*, std::int64_t, knack_model_tensor_t* out) {
    out->name = {"weight", 6};
    out->tensor_borrowed = borrow(weight);
    return KNACK_STATUS_OK;
  };
  const Model model(instance_of(slots, "model"));
  EXPECT_EQ(error_message(ExitCode::plugin, [&] { model.tensors(); }),
            defect("model it, get_tensor: expected a name of its own for every tensor, found "
                   "'weight'"));
}

TEST(Model, IsRefusedWhenACountIsNegative) {
  auto slots = model_slots();
  slots.tensor_count = [](knack_model_t*) { return std::int64_t{-1}; };
  const Model model(instance_of(slots, "model"));
  EXPECT_EQ(error_message(ExitCode::plugin, [&] { model.tensors(); }),
            defect("model it, get_tensor: expected a number of 0 or more, found -1"));
}

TEST(Objective, CountsSamplesUnlessItSaysOtherwise) {
  auto slots = with_head<knack_objective_t>();
  slots.loss = [](knack_objective_t*, const knack_value_t* outputs, const knack_value_t*,
                  knack_tensor_t** out) {
    *out = give_tensor(tensor_of(outputs->as.tensor).mean());
    return KNACK_STATUS_OK;
  };
  Objective objective(instance_of(slots, "objective"));
  EXPECT_EQ(objective.weight(Value(), 5), 5.0);
  const at::NoGradGuard evaluation;
  EXPECT_EQ(objective.loss(at::full({4}, 2.0), Value()).item<double>(), 2.0);
  EXPECT_FALSE(objective.has_metrics());
}

TEST(Objective, IsRefusedInTrainingWithoutGradient) {
  auto slots = with_head<knack_objective_t>();
  slots.loss = [](knack_objective_t*, const knack_value_t* outputs, const knack_value_t*,
                  knack_tensor_t** out) {
    *out = give_tensor(tensor_of(outputs->as.tensor).detach().mean());
    return KNACK_STATUS_OK;
  };
  Objective objective(instance_of(slots, "objective"));
  const at::Tensor outputs = at::ones({4}).set_requires_grad(true);
  EXPECT_EQ(error_message(ExitCode::training, [&] { objective.loss(outputs, Value()); }),
            defect("objective it, loss: expected a loss that depends on the parameters, found one "
                   "without gradient"));
}

TEST(Objective, IsRefusedWhenItsWeightIsNoNumber) {
  auto slots = with_head<knack_objective_t>();
  slots.loss = [](knack_objective_t*, const knack_value_t*, const knack_value_t*,
                  knack_tensor_t**) { return KNACK_STATUS_OK; };
  slots.weight = [](knack_objective_t*, const knack_value_t*, double* out) {
    *out = std::nan("");
    return KNACK_STATUS_OK;
  };
  Objective objective(instance_of(slots, "objective"));
  EXPECT_EQ(error_message(ExitCode::training, [&] { objective.weight(Value(), 5); }),
            defect("objective it, weight: expected a finite weight of 0 or more, found nan"));
}

TEST(Optimizer, GetsGradientsByGroupAndNoneForMissingOnes) {
  static knack_tensor_t* param;
  static int missing;
  missing = 0;
  auto slots = with_head<knack_optimizer_t>();
  slots.add_group = [](knack_optimizer_t*, const knack_param_group_t* group) {
    param = group->params_borrowed[0];
    return group->count == 2 && group->options_borrowed->count == 1 ? KNACK_STATUS_OK
                                                                    : KNACK_STATUS_FAILED;
  };
  slots.step = [](knack_optimizer_t*, const knack_optimizer_step_t* step) {
    tensor_of(param).sub_(tensor_of(step->gradients_borrowed[0][0]));
    missing += step->gradients_borrowed[0][1] == nullptr;
    return KNACK_STATUS_OK;
  };
  slots.get_option = [](knack_optimizer_t*, std::uint64_t, knack_string_t, double*) {
    return KNACK_STATUS_OK;
  };
  slots.set_option = [](knack_optimizer_t*, std::uint64_t, knack_string_t, double) {
    return KNACK_STATUS_OK;
  };
  Optimizer optimizer(instance_of(slots, "optimizer"));
  at::Tensor first = at::full({1}, 5.0);
  at::Tensor second = at::full({1}, 5.0);
  optimizer.add_group({{&first, &second}, {"first", "second"}, {{"lr", 0.5}}});
  const std::vector<std::vector<at::Tensor>> gradients = {{at::ones({1}), at::Tensor()}};
  optimizer.step(gradients);
  EXPECT_EQ(first.item<double>(), 4.0);
  EXPECT_EQ(missing, 1);
}

}  // namespace
}  // namespace knack::host
