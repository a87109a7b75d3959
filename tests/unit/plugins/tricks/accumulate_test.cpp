// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <knack/testing/fake_host.hpp>

extern "C" const knack_entry_t knack_plugin_v1;

namespace knack {
namespace {

using ::testing::ElementsAre;
using ::testing::NanSensitiveDoubleEq;

class Accumulate : public ::testing::Test {
 protected:
  void start(Value::Map options) {
    host_.norm_layers = {{"bn1", 0.1}, {"bn2", 0.5}, {"bn3", std::nan("")}};
    trick_ = host_.create<knack_trick_t>(knack_plugin_v1, "accumulate", std::move(options));
    knack_hook_context_t context = testing::hook_context();
    host_.expect_ok(trick_->fit_begin(trick_.get(), &context));
  }

  /// One window of the loop; returns what was asked for.
  std::int64_t run_window(std::int64_t micro_batches) {
    knack_hook_context_t context = testing::hook_context();
    host_.expect_ok(trick_->window_begin(trick_.get(), &context));
    const std::int64_t requested = context.request_micro_batches;
    for (std::int64_t position = 0; position < micro_batches; ++position) {
      context = testing::hook_context();
      context.window_micro_batches = micro_batches;
      context.window_position = position;
      host_.expect_ok(trick_->batch(trick_.get(), &context));
    }
    return requested;
  }

  std::vector<double> momenta() const {
    std::vector<double> momenta;
    for (const testing::FakeNormLayer& layer : host_.norm_layers) momenta.push_back(layer.momentum);
    return momenta;
  }

  /// Ends the process; the next one has `options`. The host puts back the momenta that the layers
  /// had, or leaves those that they begin with.
  void resume(Value::Map options, bool restores_momenta = true) {
    const std::vector<testing::FakeNormLayer> saved_layers = host_.norm_layers;
    std::uint32_t version = 0;
    knack_value_t state{};
    host_.expect_ok(trick_->head.state_save(&trick_->head, &version, &state));
    start(std::move(options));
    if (restores_momenta) host_.norm_layers = saved_layers;
    host_.expect_ok(trick_->head.state_load(&trick_->head, version, &state));
  }

  testing::FakeHost host_;
  testing::FakeHost::Instance<knack_trick_t> trick_;
};

TEST_F(Accumulate, AsksForItsMicroBatchesAndLeavesMomentaAlone) {
  start({{"batches", 4}});
  EXPECT_EQ(run_window(4), 4);
  EXPECT_THAT(momenta(), ElementsAre(0.1, 0.5, NanSensitiveDoubleEq(std::nan(""))));
}

TEST_F(Accumulate, OneBatchAsksForNothing) {
  start({{"batches", 1}, {"bn_momentum", "corrected"}});
  EXPECT_EQ(run_window(1), 0);
  EXPECT_THAT(momenta(), ElementsAre(0.1, 0.5, NanSensitiveDoubleEq(std::nan(""))));
}

TEST_F(Accumulate, CorrectsMomentaByTheRealLengthOfAWindow) {
  start({{"batches", 4}, {"bn_momentum", "corrected"}});
  run_window(4);
  EXPECT_NEAR(std::pow(1 - momenta()[0], 4), 0.9, 1e-15);
  EXPECT_NEAR(std::pow(1 - momenta()[1], 4), 0.5, 1e-15);
  run_window(3);
  EXPECT_NEAR(std::pow(1 - momenta()[0], 3), 0.9, 1e-15);
  EXPECT_TRUE(std::isnan(momenta()[2]));
}

TEST_F(Accumulate, PutsMomentaBackWhenTheFitEnds) {
  start({{"batches", 4}, {"bn_momentum", "corrected"}});
  run_window(4);
  knack_hook_context_t context = testing::hook_context();
  host_.expect_ok(trick_->fit_end(trick_.get(), &context));
  EXPECT_EQ(momenta()[0], 0.1);  // to the last bit
  EXPECT_EQ(momenta()[1], 0.5);
  EXPECT_TRUE(std::isnan(momenta()[2]));
}

TEST_F(Accumulate, LeavesMomentaAloneInAWindowOfOne) {
  start({{"batches", 4}, {"bn_momentum", "corrected"}});
  run_window(4);
  run_window(1);
  EXPECT_EQ(momenta()[0], 0.1);
  EXPECT_EQ(momenta()[1], 0.5);
}

// The host has saved the momenta of the window before; only the trick knows what they were for.
TEST_F(Accumulate, GoesOnAfterAResumeWithAWindowOfAnotherLength) {
  start({{"batches", 4}, {"bn_momentum", "corrected"}});
  run_window(4);
  const std::vector<double> corrected = momenta();
  resume({{"batches", 4}, {"bn_momentum", "corrected"}});
  EXPECT_THAT(momenta(),
              ElementsAre(corrected[0], corrected[1], NanSensitiveDoubleEq(std::nan(""))));
  run_window(1);
  EXPECT_EQ(momenta()[0], 0.1);
  EXPECT_EQ(momenta()[1], 0.5);
}

TEST_F(Accumulate, PutsMomentaBackWhenTheRunGoesOnWithoutTheCorrection) {
  using Case = std::pair<std::int64_t, const char*>;
  for (const auto& [batches, bn_momentum] : {Case{4, "as_is"}, Case{1, "corrected"}}) {
    for (const bool restores_momenta : {true, false}) {
      start({{"batches", 4}, {"bn_momentum", "corrected"}});
      run_window(4);
      ASSERT_NE(momenta()[0], 0.1);
      resume({{"batches", batches}, {"bn_momentum", bn_momentum}}, restores_momenta);
      EXPECT_EQ(momenta()[0], 0.1);  // to the last bit
      EXPECT_EQ(momenta()[1], 0.5);
      EXPECT_TRUE(std::isnan(momenta()[2]));
      run_window(batches);
      EXPECT_EQ(momenta()[0], 0.1);
    }
  }
}

TEST_F(Accumulate, CorrectsMomentaWhenTheRunGoesOnWithTheCorrection) {
  start({{"batches", 4}, {"bn_momentum", "corrected"}});
  run_window(4);
  const double corrected = momenta()[0];
  start({{"batches", 4}, {"bn_momentum", "as_is"}});
  run_window(4);
  resume({{"batches", 4}, {"bn_momentum", "corrected"}});
  EXPECT_EQ(momenta()[0], 0.1);
  run_window(4);
  EXPECT_EQ(momenta()[0], corrected);
}

TEST_F(Accumulate, CorrectsMomentaThatTheHostDidNotRestore) {
  start({{"batches", 4}, {"bn_momentum", "corrected"}});
  run_window(4);
  const double corrected = momenta()[0];
  resume({{"batches", 4}, {"bn_momentum", "corrected"}}, false);
  EXPECT_EQ(momenta()[0], corrected);
  run_window(4);
  EXPECT_EQ(momenta()[0], corrected);
}

TEST_F(Accumulate, LeavesMomentaOfOthersAloneAfterAResumeWithoutACorrection) {
  start({{"batches", 4}});
  host_.norm_layers[0].momentum = 0.3;
  run_window(4);
  resume({{"batches", 4}});
  EXPECT_EQ(momenta()[0], 0.3);
}

}  // namespace
}  // namespace knack
