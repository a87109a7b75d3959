// SPDX-License-Identifier: MIT
// The tables of a fit in progress: what plugins hand in by mistake, and how long answers live.
#include <ATen/ATen.h>
#include <knack/abi/ext/data.h>
#include <knack/abi/ext/metrics.h>
#include <knack/abi/ext/norm.h>
#include <knack/abi/ext/params.h>
#include <knack/abi/ext/weights.h>

#include "tests/unit/host/services/fake_fit.hpp"
#include "tests/unit/host/services/service_test.hpp"

namespace knack::host {
namespace {

class FitTables : public knack::testing::ServiceTest {
 protected:
  FitTables() {
    fit.params.push_back(
        {.name = "fc.weight", .role = "weight", .owner_kind = "Linear", .tensor = at::ones({2})});
    fit.layers.push_back({.name = "a normalization layer with a long name",
                          .kind = "BatchNorm2d",
                          .running_mean = &mean,
                          .running_var = &mean});
    services.fit = &fit;
  }

  void expect_refused(std::int32_t status, const std::string& text) {
    EXPECT_EQ(status, KNACK_STATUS_INVALID);
    EXPECT_EQ(thread_error_text(), text);
    EXPECT_EQ(fit.passes, 0);
  }

  at::Tensor mean = at::ones({2});
  knack::testing::FakeFit fit;
  const knack_host_t* host = &context.table;
  const knack_params_api_t* params = table<knack_params_api_t>(register_params, KNACK_EXT_PARAMS);
  const knack_norm_api_t* norm = table<knack_norm_api_t>(register_norm, KNACK_EXT_NORM);
  const knack_data_api_t* data = table<knack_data_api_t>(register_data, KNACK_EXT_DATA);
  const knack_weights_api_t* weights =
      table<knack_weights_api_t>(register_weights, KNACK_EXT_WEIGHTS);
  const knack_metrics_api_t* metrics =
      table<knack_metrics_api_t>(register_metrics, KNACK_EXT_METRICS);
};

TEST_F(FitTables, LendTheNamesOfNormLayersBeyondTheCall) {
  knack_norm_layer_t layer{};
  layer.struct_size = sizeof(layer);
  {
    const Call call(context, "after_step");
    ASSERT_EQ(norm->get(host, 0, &layer), KNACK_STATUS_OK);
  }
  EXPECT_EQ(layer.name.data, fit.layers[0].name.data());
  EXPECT_EQ(layer.name.size, fit.layers[0].name.size());
  EXPECT_EQ(layer.kind.data, fit.layers[0].kind.data());
}

TEST_F(FitTables, TellTheMomentumThatWasSet) {
  ASSERT_EQ(norm->set_momentum(host, 0, 0.25), KNACK_STATUS_OK);
  knack_norm_layer_t layer{};
  layer.struct_size = sizeof(layer);
  ASSERT_EQ(norm->get(host, 0, &layer), KNACK_STATUS_OK);
  EXPECT_EQ(layer.momentum, 0.25);
}

TEST_F(FitTables, RefuseADataPassThatIsIncomplete) {
  std::int64_t seen = 0;
  knack_data_pass_t request{};
  expect_refused(data->pass(host, nullptr, &seen), "request: expected a pointer, found NULL");
  expect_refused(data->pass(host, &request, &seen),
                 "request.struct_size: expected 32 or more, found 0");
  request.struct_size = sizeof(request);
  expect_refused(data->pass(host, &request, &seen),
                 "request.on_batch: expected a pointer, found NULL");
  request.on_batch = [](void*, const knack_value_t*, const knack_value_t*, std::int64_t) {
    return KNACK_STATUS_OK;
  };
  expect_refused(data->pass(host, &request, nullptr), "out: expected a pointer, found NULL");
  request.samples = 3;
  EXPECT_EQ(data->pass(host, &request, &seen), KNACK_STATUS_OK);
  EXPECT_EQ(seen, 3);
}

TEST_F(FitTables, RefuseANormPassThatIsIncomplete) {
  std::int64_t seen = 0;
  knack_norm_pass_t request{};
  expect_refused(norm->observe(host, nullptr, &seen), "request: expected a pointer, found NULL");
  request.struct_size = offsetof(knack_norm_pass_t, on_input);
  expect_refused(norm->observe(host, &request, &seen),
                 "request.struct_size: expected 32 or more, found 24");
  request.struct_size = sizeof(request);
  expect_refused(norm->observe(host, &request, &seen),
                 "request.on_input: expected a pointer, found NULL");
  request.on_input = [](void*, std::int64_t, knack_tensor_t*) { return KNACK_STATUS_OK; };
  expect_refused(norm->observe(host, &request, nullptr), "out: expected a pointer, found NULL");
  request.samples = 3;
  EXPECT_EQ(norm->observe(host, &request, &seen), KNACK_STATUS_OK);
  EXPECT_EQ(seen, 3);
}

TEST_F(FitTables, RefuseNullInPlaceOfAResult) {
  const std::string text = "out: expected a pointer, found NULL";
  expect_refused(params->get(host, 0, nullptr), text);
  expect_refused(params->gradient(host, 0, nullptr), text);
  expect_refused(params->get_group_option(host, 0, {"lr", 2}, nullptr), text);
  expect_refused(norm->get(host, 0, nullptr), text);
  expect_refused(weights->find(host, {"live", 4}, nullptr), text);
  expect_refused(weights->publish(host, {"ema", 3}, nullptr), text);
  expect_refused(metrics->summarize(host, {"key", 3}, nullptr),
                 "value: expected a pointer, found NULL");
  WeightSet set;
  expect_refused(weights->evaluate(host, reinterpret_cast<knack_weight_set_t*>(&set), nullptr),
                 text);
  expect_refused(weights->copy(host, nullptr, nullptr),
                 "weight set: expected a pointer, found NULL");
}

TEST_F(FitTables, CountMinusOneOnFailure) {
  EXPECT_EQ(params->count(host), 1);
  EXPECT_EQ(data->train_samples(host), -1);
  EXPECT_EQ(thread_error_text(), "there is no data");
  services.fit = nullptr;
  EXPECT_EQ(params->count(host), -1);
  EXPECT_EQ(norm->count(host), -1);
}

TEST_F(FitTables, TakeNullForTheEmptyText) {
  EXPECT_EQ(params->set_option(host, 0, {nullptr, 5}, 1.0, {nullptr, 5}), KNACK_STATUS_OK);
}

}  // namespace
}  // namespace knack::host
