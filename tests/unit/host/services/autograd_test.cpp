// SPDX-License-Identifier: MIT
// The table against callers that get it wrong; what it computes is in tests/unit/sdk.
#include <ATen/ATen.h>
#include <knack/abi/ext/autograd.h>

#include "host/plugin/tensor_handle.hpp"
#include "tests/unit/host/services/service_test.hpp"

namespace knack::host {
namespace {

/// What the callbacks below do, and what became of them.
struct Plan {
  const knack_autograd_api_t* api = nullptr;
  std::int32_t forward_status = KNACK_STATUS_OK;
  std::vector<std::int32_t> seen;  // statuses of what the callbacks tried
  int destroyed = 0;
};

std::int32_t forward(void* user, knack_function_call_t* call, knack_tensor_t* const* inputs,
                     std::uint64_t, knack_tensor_t** outputs, std::uint64_t) {
  auto& plan = *static_cast<Plan*>(user);
  knack_tensor_t* out = nullptr;
  plan.seen.push_back(plan.api->saved(call, 0, &out));
  plan.seen.push_back(plan.api->save(call, inputs, 1));
  plan.seen.push_back(plan.api->save(call, inputs, 1));
  outputs[0] = give_tensor(tensor_of(inputs[0]).clone());
  return plan.forward_status;
}

std::int32_t backward(void* user, knack_function_call_t* call, knack_tensor_t* const* gradients,
                      std::uint64_t, knack_tensor_t** out, std::uint64_t) {
  auto& plan = *static_cast<Plan*>(user);
  knack_tensor_t* saved = nullptr;
  plan.seen.push_back(plan.api->saved(call, 1, &saved));
  plan.seen.push_back(plan.api->saved(call, 0, nullptr));
  plan.seen.push_back(plan.api->save(call, gradients, 1));
  plan.seen.push_back(static_cast<std::int32_t>(plan.api->needs_gradient(call, 9)));
  out[0] = give_tensor(tensor_of(gradients[0]));
  return KNACK_STATUS_OK;
}

class AutogradTable : public knack::testing::ServiceTest {
 protected:
  knack_function_t function() {
    knack_function_t function{};
    function.struct_size = sizeof(function);
    function.user = &plan;
    function.forward = forward;
    function.backward = backward;
    function.destroy = [](void* user) { ++static_cast<Plan*>(user)->destroyed; };
    return function;
  }

  std::int32_t apply(const knack_function_t* given) {
    knack_tensor_t* inputs[] = {borrow(x)};
    return api->apply(&context.table, given, inputs, 1, outputs, 1);
  }

  const knack_autograd_api_t* api =
      table<knack_autograd_api_t>(register_autograd, KNACK_EXT_AUTOGRAD);
  Plan plan{.api = api, .seen = {}};
  at::Tensor x = at::ones({2}).set_requires_grad(true);
  knack_tensor_t* outputs[1] = {nullptr};
};

TEST_F(AutogradTable, WhatIsForAnotherPhaseIsRefused) {
  const knack_function_t given = function();
  ASSERT_EQ(apply(&given), KNACK_STATUS_OK);
  EXPECT_EQ(plan.seen, (std::vector<std::int32_t>{KNACK_STATUS_INVALID, KNACK_STATUS_OK,
                                                  KNACK_STATUS_INVALID}));
  plan.seen.clear();
  take_tensor(outputs[0]).sum().backward();
  EXPECT_EQ(plan.seen, (std::vector<std::int32_t>{KNACK_STATUS_NOT_FOUND, KNACK_STATUS_INVALID,
                                                  KNACK_STATUS_INVALID, 0}));
  EXPECT_TRUE(at::equal(x.grad(), at::ones({2})));
  EXPECT_EQ(plan.destroyed, 1);
}

TEST_F(AutogradTable, TheStatusOfForwardIsReturnedAndUserDestroyed) {
  plan.forward_status = KNACK_STATUS_DATA;
  const knack_function_t given = function();
  EXPECT_EQ(apply(&given), KNACK_STATUS_DATA);
  EXPECT_EQ(outputs[0], nullptr);
  EXPECT_EQ(plan.destroyed, 1);
}

TEST_F(AutogradTable, DestroyIsOptional) {
  knack_function_t given = function();
  given.destroy = nullptr;
  ASSERT_EQ(apply(&given), KNACK_STATUS_OK);
  take_tensor(outputs[0]);
  EXPECT_EQ(plan.destroyed, 0);
}

TEST_F(AutogradTable, FunctionsThatCannotBeAreRefused) {
  EXPECT_EQ(apply(nullptr), KNACK_STATUS_INVALID);
  knack_function_t given = function();
  given.struct_size = offsetof(knack_function_t, destroy);
  EXPECT_EQ(apply(&given), KNACK_STATUS_INVALID);
  EXPECT_EQ(plan.destroyed, 0) << "a struct that is too small has no destroy";
  given = function();
  given.forward = nullptr;
  EXPECT_EQ(apply(&given), KNACK_STATUS_INVALID);
  given = function();
  given.backward = nullptr;
  EXPECT_EQ(apply(&given), KNACK_STATUS_INVALID);
  EXPECT_EQ(thread_error_text(), "function.backward: expected a pointer, found NULL");
  EXPECT_EQ(plan.destroyed, 2);
}

TEST_F(AutogradTable, ListsThatCannotBeAreRefused) {
  const knack_function_t given = function();
  knack_tensor_t* inputs[] = {borrow(x)};
  const knack_host_t* host = &context.table;
  EXPECT_EQ(api->apply(nullptr, &given, inputs, 1, outputs, 1), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->apply(host, &given, nullptr, 1, outputs, 1), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->apply(host, &given, inputs, 1, nullptr, 1), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->apply(host, &given, inputs, 1, outputs, 0), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->apply(host, &given, inputs, ~std::uint64_t{0}, outputs, 1), KNACK_STATUS_INVALID);
  EXPECT_TRUE(plan.seen.empty());
  EXPECT_EQ(plan.destroyed, 5) << "once by each";
  EXPECT_EQ(api->save(nullptr, inputs, 1), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->saved(nullptr, 0, outputs), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->needs_gradient(nullptr, 0), 0U);
}

TEST_F(AutogradTable, GradientRequestsThatCannotBeAreRefused) {
  const at::Tensor y = x.sum();
  knack_tensor_t* outputs_of[] = {borrow(y)};
  knack_tensor_t* inputs_of[] = {borrow(x)};
  knack_gradient_request_t request{};
  request.struct_size = sizeof(request);
  request.output_count = request.input_count = 1;
  request.outputs_borrowed = outputs_of;
  request.inputs_borrowed = inputs_of;
  const knack_host_t* host = &context.table;
  EXPECT_EQ(api->gradients(host, nullptr, outputs), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->gradients(host, &request, nullptr), KNACK_STATUS_INVALID);
  inputs_of[0] = nullptr;
  EXPECT_EQ(api->gradients(host, &request, outputs), KNACK_STATUS_INVALID);
  EXPECT_EQ(thread_error_text(), "request.inputs: expected tensors, found NULL among them");
  inputs_of[0] = borrow(x);
  request.struct_size = offsetof(knack_gradient_request_t, inputs_borrowed);
  EXPECT_EQ(api->gradients(host, &request, outputs), KNACK_STATUS_INVALID);
  request.struct_size = sizeof(request);
  ASSERT_EQ(api->gradients(host, &request, outputs), KNACK_STATUS_OK);
  EXPECT_TRUE(at::equal(take_tensor(outputs[0]), at::ones({2})));
}

TEST_F(AutogradTable, ModeIsSwitchedAndTheOneBeforeReturned) {
  const bool before = at::GradMode::is_enabled();
  EXPECT_EQ(api->set_gradient_mode(0), before ? 1U : 0U);
  EXPECT_FALSE(at::GradMode::is_enabled());
  EXPECT_EQ(api->set_gradient_mode(1), 0U);
  EXPECT_TRUE(at::GradMode::is_enabled());
  at::GradMode::set_enabled(before);
}

}  // namespace
}  // namespace knack::host
