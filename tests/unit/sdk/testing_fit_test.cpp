// SPDX-License-Identifier: MIT
// ToyFit keeps the promises that the ABI makes to tricks: its steps.
#include <gmock/gmock.h>

#include "tests/unit/sdk/scripted_fit.hpp"

namespace knack::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(ToyFitTest, CallsEveryHookInTheOrderOfTheLoop) {
  on("window_begin", [](Context& context, Host) { context.request_micro_batches(2); });
  fit({.epochs = 1, .samples = 10, .batch_size = 4}).run();
  EXPECT_THAT(
      script_.seen,
      ElementsAre("fit_begin", "epoch_begin",  //
                  "window_begin", "batch", "batch", "forward", "loss", "gradients", "forward",
                  "loss", "gradients", "before_step", "after_step",  //
                  "window_begin", "batch", "forward", "loss", "gradients", "before_step",
                  "after_step",  //
                  "eval_begin", "eval_end", "epoch_end", "fit_end", "eval_begin", "eval_end"));
  EXPECT_EQ(fit_->calls(), script_.seen);
}

TEST_F(ToyFitTest, CountsStepsMicroBatchesAndSamples) {
  std::vector<std::string> counted;
  script_.act = [&](const std::string& hook, Context& context, Host) {
    if (hook == "window_begin") context.request_micro_batches(2);
    if (hook != "batch" && hook != "forward" && hook != "after_step") return;
    counted.push_back(hook + " " + std::to_string(context.step()) + " " +
                      std::to_string(context.micro_batch()) + " " +
                      std::to_string(context.samples_seen()) + " of " +
                      std::to_string(context.total_steps()));
  };
  fit({.epochs = 3, .samples = 10, .batch_size = 4}).run(2);
  EXPECT_THAT(counted,
              ElementsAre("batch 0 1 4 of 6", "batch 0 2 8 of 6", "forward 0 1 4 of 6",
                          "forward 0 2 8 of 6", "after_step 1 2 8 of 6", "batch 1 3 10 of 6",
                          "forward 1 3 10 of 6", "after_step 2 3 10 of 6"));
}

TEST_F(ToyFitTest, WeighsMicroBatchesByTheirSamples) {
  std::vector<double> shares;
  script_.act = [&](const std::string& hook, Context& context, Host) {
    if (hook == "window_begin") context.request_micro_batches(9);
    if (hook == "gradients") shares.push_back(context.batch_weight() / context.window_weight());
    if (hook == "gradients") {
      EXPECT_EQ(context.batch_indices().size(), context.batch_weight());
    }
  };
  fit({.samples = 10, .batch_size = 4}).run(1);
  EXPECT_THAT(shares, ElementsAre(0.4, 0.4, 0.2));
}

TEST_F(ToyFitTest, HasTheGradientOfItsLoss) {
  FakeHost host;
  ToyModel model(host);
  model.build();
  const ToyData::Batch data = ToyData(6, 3).batch({0, 1, 2, 3, 4, 5});
  const auto forward = [&] { return model.forward(data.inputs.tensor(), ToyModel::Mode::observe); };
  const auto outputs = [](const ToyModel::Activations& all) {
    return tensor_from(all.outputs, KNACK_DTYPE_FLOAT64, {all.samples, kToyClasses});
  };
  const ToyModel::Activations all = forward();
  const ToyLoss loss = toy_loss(outputs(all), data.targets.tensor());
  const ToyGradients gradients =
      ToyModel::backward(all, loss.slopes, elements(model.tensor("norm.weight")));
  for (const auto& [name, slopes] : gradients) {
    const FakeTensor& weight = model.tensor(name);
    for (std::int64_t i = 0; i < weight.numel(); ++i) {
      const double before = weight.get(i);
      const auto loss_at = [&](double offset) {
        weight.set(i, before + offset);
        return toy_loss(outputs(forward()), data.targets.tensor()).mean;
      };
      const double slope = (loss_at(0x1p-10) - loss_at(-0x1p-10)) / 0x1p-9;
      weight.set(i, before);
      EXPECT_NEAR(slopes[static_cast<std::size_t>(i)], slope, 2e-4) << name << " " << i;
    }
  }
}

TEST_F(ToyFitTest, LearnsAndNormalizes) {
  ToyFit& trained = fit();
  trained.run(1);
  trained.run(5);
  const double early = trained.metrics("live").at("loss");
  trained.run();
  EXPECT_LT(trained.metrics("live").at("loss"), 0.7 * early);
  EXPECT_EQ(trained.live("norm.num_batches_tracked"), std::vector<float>{60});
  EXPECT_NE(trained.live("norm.running_mean"), (std::vector<float>{0, 0, 0}));
  EXPECT_TRUE(trained.is_over());
}

TEST_F(ToyFitTest, IsTheSameEachTime) {
  FakeHost other_host;
  const auto other_trick = other_host.create<knack_trick_t>(kScriptedEntry, "scripted");
  ToyFit other(other_host, *other_trick);
  other.run();
  fit().run();
  EXPECT_TRUE(fake::compare_sets(host_, other_host));
}

TEST_F(ToyFitTest, SkipsBatches) {
  std::int64_t forwards = 0;
  script_.act = [&](const std::string& hook, Context& context, Host) {
    if (hook == "batch" && context.micro_batch() == 1) context.reply(Reply::skip_batch);
    if (hook == "forward") ++forwards;
    if (hook == "after_step" && context.micro_batch() == 1) {
      EXPECT_FALSE(context.stepped());
    }
  };
  fit().run(2);
  EXPECT_EQ(forwards, 1);
  EXPECT_EQ(fit_->counters().step, 1);
  EXPECT_EQ(fit_->counters().micro_batch, 2);
}

TEST_F(ToyFitTest, ASkippedBatchLeavesTheMeanOfTheOthers) {
  std::vector<float> gradient;
  const auto train = [&](std::int64_t skipped_position, std::int64_t batches) {
    fit_.reset();
    trick_.reset();
    FakeHost host;
    script_.act = [&](const std::string& hook, Context& context, Host services) {
      if (hook == "window_begin") context.request_micro_batches(batches);
      if (hook == "loss" && context.window_position() == skipped_position) {
        context.reply(Reply::skip_batch);
      }
      if (hook == "before_step") {
        const auto found = services.params().gradient(0).data<float>();
        gradient.assign(found.begin(), found.end());
      }
    };
    const auto trick = host.create<knack_trick_t>(kScriptedEntry, "scripted");
    ToyFit(host, *trick).run(1);
  };
  train(1, 2);
  const std::vector<float> of_two = gradient;
  train(-1, 1);
  ASSERT_EQ(of_two.size(), gradient.size());
  for (std::size_t i = 0; i < gradient.size(); ++i) EXPECT_NEAR(of_two[i], gradient[i], 1e-6);
}

TEST_F(ToyFitTest, DropsSteps) {
  on("before_step", [](Context& context, Host) { context.reply(Reply::skip_step); });
  ToyFit& dropped = fit();
  dropped.begin();
  const std::vector<float> before = dropped.live("fc.weight");
  EXPECT_EQ(dropped.run(2), 2);
  EXPECT_EQ(dropped.live("fc.weight"), before);
  EXPECT_EQ(dropped.counters().step, 0);
}

TEST_F(ToyFitTest, StopsEpochsAndFits) {
  on("after_step", [](Context& context, Host) {
    if (context.step() == 2) context.reply(Reply::stop_epoch);
    if (context.step() == 5) context.reply(Reply::stop_fit);
  });
  fit().run();
  EXPECT_EQ(fit_->counters().epoch, 2);
  EXPECT_EQ(fit_->counters().step, 5);
  EXPECT_EQ(script_.seen.back(), "eval_end");

  on("epoch_end", [](Context& context, Host) { context.reply(Reply::stop_fit); });
  fit_.reset();
  FakeHost host;
  const auto trick = host.create<knack_trick_t>(kScriptedEntry, "scripted");
  ToyFit other(host, *trick);
  other.run();
  EXPECT_EQ(other.counters().epoch, 1);
}

TEST_F(ToyFitTest, TakesReplacedDataOutputsAndLoss) {
  double shown_loss = 0;
  script_.act = [&](const std::string& hook, Context& context, Host) {
    if (hook == "batch") context.replace_inputs(Tensor::zeros({2, 4}));
    if (hook == "batch") context.replace_targets(Tensor::zeros({2}, Dtype::int64));
    if (hook == "forward") {
      EXPECT_EQ(context.outputs().tensor().size(0), 2);
      context.replace_outputs(Tensor::zeros({2, 3}));
    }
    if (hook == "loss") {
      EXPECT_NEAR(context.loss().item(), std::log(3.0), 1e-6);
      context.replace_loss(context.loss() * 2);
    }
    if (hook == "gradients") shown_loss = context.loss().item();
  };
  fit().run(1);
  EXPECT_NEAR(shown_loss, 2 * std::log(3.0), 1e-6);
  fit_.reset();
  trick_.reset();
  EXPECT_EQ(host_.live_handles(), 0);
}

TEST_F(ToyFitTest, RefusesAnswersThatAHookMayNotGive) {
  on("batch", [](Context& context, Host) { context.reply(Reply::stop_fit); });
  EXPECT_EQ(failure_of([&] { fit().run(1); }), "batch: replied 4, which this hook may not");
  on("forward", [](Context& context, Host) { context.replace_inputs(Tensor::zeros({1})); });
  EXPECT_EQ(failure_of([&] { fit_->run(1); }), "forward: replaced data, which only batch may");
  on("gradients", [](Context& context, Host) { context.request_micro_batches(2); });
  EXPECT_THAT(failure_of([&] { fit_->run(1); }), HasSubstr("which only window_begin may"));
  on("loss", [](Context& context, Host) { context.replace_loss(Tensor::zeros({1})); });
  EXPECT_THAT(failure_of([&] { fit_->run(1); }), HasSubstr("a loss of no dimensions"));
  trick_.reset();
  EXPECT_EQ(host_.live_handles(), 0);
}

}  // namespace
}  // namespace knack::testing
