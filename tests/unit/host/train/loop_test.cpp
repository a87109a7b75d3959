// SPDX-License-Identifier: MIT
#include "host/train/loop.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "host/data/dataset_source.hpp"
#include "host/train/gradient_norm.hpp"
#include "tests/unit/plugins/first_party.hpp"

namespace knack::host {
namespace {

using testing::make_first_party;

constexpr std::int64_t kBatches = 5;

/// A perceptron on kBatches batches of 8 vectors, without tricks.
class Fixture {
 public:
  explicit Fixture(TrainerOptions options = {.epochs = 2, .device = "cpu"})
      : options_(std::move(options)) {
    ParamGroup group;
    for (ModelTensor& entry : tensors_) {
      if (entry.is_buffer) continue;
      group.params.push_back(&entry.tensor);
      group.names.push_back(entry.name);
      params_[0].push_back(entry.tensor);
    }
    optimizer_.add_group(group);
  }

  /// A loop that has done nothing yet.
  Loop make_loop() {
    return Loop(LoopParts{model_, objective_, optimizer_, loader_, hooks_, placement_, params_, {}},
                options_);
  }

  std::vector<at::Tensor> weights() const {
    std::vector<at::Tensor> copies;
    for (const ModelTensor& entry : tensors_) copies.push_back(entry.tensor.detach().clone());
    return copies;
  }

 private:
  static Model make_model() {
    at::manual_seed(3);
    return make_first_party<Model>(
        "mlp", {{"in_features", 12}, {"hidden", Value::List{8}}, {"num_classes", 10}});
  }

  Model model_ = make_model();
  std::vector<ModelTensor> tensors_ = model_.tensors();
  std::vector<std::vector<at::Tensor>> params_{1};
  Objective objective_ = make_first_party<Objective>("cross_entropy");
  Optimizer optimizer_ = make_first_party<Optimizer>("sgd", {{"lr", 0.1}, {"momentum", 0.9}});
  Dataset dataset_ = make_first_party<Dataset>(
      "synthetic", {{"samples", 8 * kBatches}, {"channels", 1}, {"height", 3}, {"width", 4}});
  DatasetSource source_{dataset_};
  Loader loader_{source_, {.batch_size = 8, .shuffle = true, .workers = 2}};
  Hooks hooks_{{}};
  TrainerOptions options_;
  Placement placement_{options_};
};

bool go_on() {
  return true;
}

TEST(Loop, GoesOnBitForBitInAnotherLoopAfterAnyWindow) {
  Fixture straight;
  Loop whole = straight.make_loop();
  ASSERT_EQ(whole.run_epoch(go_on), Loop::Outcome::epoch_done);
  for (int windows = 1; windows <= kBatches; ++windows) {
    SCOPED_TRACE(windows);
    Fixture parted;
    Loop first = parted.make_loop();
    int left = windows;
    ASSERT_EQ(first.run_epoch([&] { return --left > 0; }), Loop::Outcome::interrupted);
    EXPECT_TRUE(first.state().in_epoch);
    EXPECT_EQ(first.state().batches_done, windows);

    Loop second = parted.make_loop();
    second.restore(first.state());
    ASSERT_EQ(second.run_epoch(go_on), Loop::Outcome::epoch_done);
    EXPECT_FALSE(second.state().in_epoch);
    EXPECT_EQ(second.counters().epoch, 1);
    EXPECT_EQ(second.counters().step, kBatches);
    EXPECT_EQ(second.counters().samples_seen, 8 * kBatches);
    EXPECT_EQ(second.mean_loss(), whole.mean_loss());
    const std::vector<at::Tensor> expected = straight.weights();
    const std::vector<at::Tensor> found = parted.weights();
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(at::equal(found[i], expected[i]));
  }
}

TEST(Loop, HonoursWhatATrickRepliedInTheLastWindow) {
  for (const auto& [reply, outcome] :
       {std::pair{KNACK_REPLY_STOP_FIT, Loop::Outcome::stop_fit},
        std::pair{KNACK_REPLY_STOP_EPOCH, Loop::Outcome::epoch_done}}) {
    Fixture fixture;
    Loop first = fixture.make_loop();
    ASSERT_EQ(first.run_epoch([] { return false; }), Loop::Outcome::interrupted);
    LoopState state = first.state();
    state.reply = reply;
    Loop second = fixture.make_loop();
    second.restore(state);
    EXPECT_EQ(second.run_epoch(go_on), outcome);
    EXPECT_EQ(second.counters().step, 1);
    EXPECT_EQ(second.run_epoch(go_on), Loop::Outcome::epoch_done);  // the reply is used up
    EXPECT_EQ(second.counters().step, 1 + kBatches);
  }
}

TEST(Loop, TellsTheMeanLossOfTheEpochOnly) {
  Fixture fixture;
  Loop loop = fixture.make_loop();
  EXPECT_TRUE(std::isnan(loop.mean_loss()));
  loop.run_epoch(go_on);
  const double first = loop.mean_loss();
  EXPECT_NEAR(first, std::log(10), 0.7);
  EXPECT_EQ(loop.state().loss_weight, 8 * kBatches);
  loop.run_epoch(go_on);
  EXPECT_EQ(loop.state().loss_weight, 8 * kBatches);
  EXPECT_LT(loop.mean_loss(), first);
}

TEST(Loop, TellsLossAndGradientOfTheWindowsThatAreRecorded) {
  Fixture fixture({.epochs = 2, .device = "cpu", .record_every_steps = 2});
  Loop loop = fixture.make_loop();
  std::vector<bool> is_told;
  double sum = 0.0;
  loop.run_epoch([&] {
    is_told.push_back(!std::isnan(loop.state().gradient_norm));
    sum += loop.state().window_loss;
    return true;
  });
  EXPECT_EQ(is_told, (std::vector<bool>{false, true, false, true, true}));  // the epoch's last too
  EXPECT_NEAR(sum / kBatches, loop.mean_loss(), 1e-12);
}

TEST(GradientNorm, IsThatOfAllParametersAsOneVector) {
  at::Tensor first = at::zeros({2}).set_requires_grad(true);
  at::Tensor second = at::zeros({1, 2}, at::kBFloat16).set_requires_grad(true);
  const at::Tensor without = at::zeros({3}).set_requires_grad(true);
  first.mutable_grad() = at::tensor({1.0f, 2.0f});
  second.mutable_grad() = at::tensor({2.0f, 4.0f}).view({1, 2}).to(at::kBFloat16);
  EXPECT_NEAR(gradient_norm({{first, without}, {second}}), 5.0, 1e-6);
  EXPECT_EQ(gradient_norm({{without}}), 0.0);
}

}  // namespace
}  // namespace knack::host
