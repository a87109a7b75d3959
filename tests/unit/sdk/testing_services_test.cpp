// SPDX-License-Identifier: MIT
// What the services of the fake host do during a toy fit.
#include <gmock/gmock.h>

#include "tests/unit/sdk/scripted_fit.hpp"

namespace knack::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(ToyFitTest, GroupsParametersByTheirOptions) {
  script_.act = [](const std::string& hook, Context&, Host host) {
    if (hook == "fit_begin") {
      host.params().set_option(host.params()[1], "weight_decay", 0, "a bias");
    } else if (hook == "epoch_begin") {
      EXPECT_EQ(host.params().group_count(), 2);
      EXPECT_EQ(host.params().group_option(0, "weight_decay"), 0.01);
      EXPECT_EQ(host.params().group_option(1, "weight_decay"), 0.0);
      host.params().set_group_option(0, "lr", 0);
    }
  };
  ToyFit& grouped = fit();
  grouped.begin();
  const auto before = grouped.set("live");
  grouped.run(2);
  EXPECT_EQ(grouped.live("fc.weight"), before.at("fc.weight"));
  EXPECT_NE(grouped.live("fc.bias"), before.at("fc.bias"));
}

TEST_F(ToyFitTest, RefusesOptionsItsOptimizerLacksAndThoseThatComeTooLate) {
  on("fit_begin",
     [](Context&, Host host) { host.params().set_option(host.params()[0], "beta", 1, ""); });
  EXPECT_THAT(failure_of([&] { fit().begin(); }), HasSubstr("no \"beta\""));
  on("epoch_begin",
     [](Context&, Host host) { host.params().set_option(host.params()[0], "lr", 1, ""); });
  host_.set_options.clear();
  EXPECT_THAT(failure_of([&] { fit_->run(1); }), HasSubstr("are set in fit_begin"));
}

TEST_F(ToyFitTest, LetsGradientsBeChangedBeforeTheStep) {
  script_.act = [](const std::string& hook, Context&, Host host) {
    if (hook == "before_step") host.params().gradient(0).zero_();
    if (hook == "epoch_begin") {
      EXPECT_FALSE(host.params().gradient(0).defined());
    }
  };
  ToyFit& changed = fit({.weight_decay = 0});
  changed.begin();
  const auto before = changed.live("fc.weight");
  changed.run(1);
  EXPECT_EQ(changed.live("fc.weight"), before);
}

TEST_F(ToyFitTest, EvaluatesEachSetWithItsOwnWeightsAndPutsBuffersBack) {
  std::vector<std::string> evaluated;
  script_.act = [&](const std::string& hook, Context& context, Host host) {
    if (hook == "fit_begin") (void)host.weights().publish("first");
    if (hook == "eval_begin") host.norm()[0].running_mean.fill_(7);
    if (hook == "eval_end") {
      EXPECT_EQ(host.norm()[0].running_mean.mean().item(), 7.0);
      const auto shown = host.params()[0].tensor().sum().item();
      const auto own = host.weights().find(context.weight_set())[0].tensor().sum().item();
      EXPECT_EQ(shown, own);
      evaluated.emplace_back(context.weight_set());
      EXPECT_EQ(context.monitored(), context.metrics()["top1"].number());
    }
  };
  fit().run(6);
  EXPECT_THAT(evaluated, ElementsAre("live", "first"));
  EXPECT_NE(fit_->live("norm.running_mean"), (std::vector<float>{7, 7, 7}));
  EXPECT_NE(fit_->set("first")["fc.weight"], fit_->live("fc.weight"));
}

TEST_F(ToyFitTest, EvaluatesForTheTrickThatAsksWithoutItsEvalEnd) {
  double monitored = -1;
  on("epoch_end", [&](Context& context, Host host) {
    monitored = host.weights().live().evaluate(context.monitor());
  });
  fit().run(6);
  EXPECT_EQ(monitored, fit_->metrics("live").at("top1"));
  EXPECT_EQ(std::count(script_.seen.begin(), script_.seen.end(), "eval_begin"), 2);
  EXPECT_EQ(std::count(script_.seen.begin(), script_.seen.end(), "eval_end"), 1);
  on("eval_end", [](Context&, Host host) { (void)host.weights().live().evaluate("loss"); });
  EXPECT_THAT(failure_of([&] { fit_->run(6); }), HasSubstr("during an evaluation"));
}

TEST_F(ToyFitTest, PassesOverDataAndShowsNormInputs) {
  std::int64_t batches = 0;
  std::int64_t seen = 0;
  Tensor input;
  on("eval_begin", [&](Context&, Host host) {
    seen = host.data().pass(10, [&](ValueView inputs, ValueView targets, std::int64_t samples) {
      ++batches;
      EXPECT_EQ(inputs.tensor().size(0), samples);
      EXPECT_EQ(targets.tensor().dtype(), Dtype::int64);
    });
    EXPECT_EQ(host.data().samples(), 22);
    host.norm().observe(3, [&](std::int64_t, const Tensor& found) { input = found; });
    host.norm().set_momentum(0, 0.5);
    EXPECT_EQ(host.norm()[0].momentum, 0.5);
    EXPECT_EQ(host.norm()[0].channels, 3);
  });
  fit().run(6);
  EXPECT_EQ(seen, 10);
  EXPECT_EQ(batches, 3);
  EXPECT_EQ(input.size(0), 3);
  EXPECT_EQ(input.size(1), 3);
}

TEST_F(ToyFitTest, KeepsFilesThatTricksSave) {
  on("epoch_end", [](Context& context, Host host) {
    if (context.epoch() == 1) host.weights().live().save("snapshots/one");
    if (context.epoch() == 2) host.weights().live().load("snapshots/one");
    if (context.epoch() == 3) host.weights().remove("snapshots/one");
    if (context.epoch() == 4) host.weights().live().save("../escaped");
  });
  ToyFit& saving = fit();
  saving.run(6);
  const auto saved = saving.live("fc.weight");
  ASSERT_THAT(host_.files, SizeIs(1));
  EXPECT_EQ(elements<float>(host_.files.at("snapshots/one").at("fc.weight")), saved);
  saving.run(6);
  EXPECT_EQ(saving.live("fc.weight"), saved);
  saving.run(6);
  EXPECT_THAT(host_.files, SizeIs(0));
  EXPECT_THAT(failure_of([&] { saving.run(6); }), HasSubstr("below the instance's own folder"));
}

}  // namespace
}  // namespace knack::testing
