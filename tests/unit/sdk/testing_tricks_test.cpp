// SPDX-License-Identifier: MIT
// The tricks of this repository, as finished files, on the fake host.
#include <gmock/gmock.h>
#include <knack/testing/fake_host.hpp>

namespace knack::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

const knack_entry_t& plugin(const std::string& id) {
  return open_plugin(std::string(KNACK_PLUGIN_DIRECTORY) + "/" + id + ".so");
}

struct Case {
  std::string id;
  Value::Map options;
};

void PrintTo(const Case& tested, std::ostream* out) {
  *out << tested.id;
}

class EachTrick : public ::testing::TestWithParam<Case> {};

TEST_P(EachTrick, ReleasesAllThatItTakes) {
  FakeHost host;
  {
    const auto trick =
        host.create<knack_trick_t>(plugin(GetParam().id), GetParam().id, GetParam().options);
    ToyFit(host, *trick).run();
  }
  EXPECT_EQ(host.live_handles(), 0);
}

TEST_P(EachTrick, ResumesBitForBit) {
  for (const std::int64_t steps : {1, 8, 15}) {
    const Comparison same = resume_equals_unbroken(plugin(GetParam().id), GetParam().id,
                                                   GetParam().options, steps, {.epochs = 4});
    EXPECT_TRUE(same) << "after " << steps << " steps: " << same.difference;
  }
}

TEST_P(EachTrick, RunsInHostsOfOtherMinors) {
  for (const std::uint32_t longer : {0U, 32U}) {
    FakeHost host;
    host.pretend_minor(longer);
    host.set_table_size(sizeof(knack_host_t) + longer);
    host.set_struct_size<knack_hook_context_t>(sizeof(knack_hook_context_t) + longer);
    const auto trick =
        host.create<knack_trick_t>(plugin(GetParam().id), GetParam().id, GetParam().options);
    ToyFit(host, *trick, {.epochs = 2}).run();
  }
}

TEST_P(EachTrick, PassesOnWhateverFailsAndLeaksNothing) {
  for (const std::string_view service : kServices) {
    const std::size_t space = service.find(' ');
    FakeHost host;
    std::string failure;
    try {
      const auto trick =
          host.create<knack_trick_t>(plugin(GetParam().id), GetParam().id, GetParam().options);
      host.fail_every(service.substr(0, space), service.substr(space + 1), 3);
      ToyFit(host, *trick, {.epochs = 2}).run();
    } catch (const std::exception& error) {
      failure = error.what();
    }
    const auto called = host.calls.find(std::string(service));
    const bool was_due = called != host.calls.end() && called->second >= 3;
    EXPECT_TRUE(was_due || failure.empty()) << service << ": " << failure;
    EXPECT_EQ(host.live_handles(), 0) << service;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Tricks, EachTrick,
    ::testing::Values(Case{"accumulate", {{"batches", 4}, {"bn_momentum", "corrected"}}},
                      Case{"ema", {{"decay", 0.9}, {"schedule", "constant"}}},
                      Case{"no_weight_decay", {}}, Case{"precise_bn", {{"samples", 10}}},
                      Case{"weight_average", {{"best", 2}}}),
    [](const auto& info) { return info.param.id; });

TEST(Tricks, EmaFollowsTheLiveWeights) {
  FakeHost host;
  const auto trick =
      host.create<knack_trick_t>(plugin("ema"), "ema", {{"decay", 0.75}, {"schedule", "constant"}});
  ToyFit fit(host, *trick);
  fit.begin();
  std::vector<float> expected = fit.live("fc.weight");
  for (int step = 0; step < 5; ++step) {
    fit.run(1);
    const std::vector<float> live = fit.live("fc.weight");
    for (std::size_t i = 0; i < live.size(); ++i) expected[i] += 0.25F * (live[i] - expected[i]);
  }
  EXPECT_THAT(fit.set("ema")["fc.weight"], Pointwise(FloatNear(1e-6F), expected));
  EXPECT_EQ(fit.set("ema")["norm.num_batches_tracked"], std::vector<float>{5});
}

TEST(Tricks, AccumulateMakesOneStepOfSeveralMicroBatches) {
  FakeHost host;
  const auto trick = host.create<knack_trick_t>(plugin("accumulate"), "accumulate",
                                                {{"batches", 4}, {"bn_momentum", "corrected"}});
  ToyFit fit(host, *trick);
  EXPECT_EQ(fit.run(1), 1);
  EXPECT_EQ(fit.counters().micro_batch, 4);
  EXPECT_NEAR(std::pow(1 - host.norm_layers[0].momentum, 4), 0.9, 1e-12);
  fit.run(1);
  EXPECT_EQ(fit.counters().micro_batch, 6);
  EXPECT_EQ(fit.counters().epoch, 1);
  EXPECT_NEAR(std::pow(1 - host.norm_layers[0].momentum, 2), 0.9, 1e-12);
}

TEST(Tricks, NoWeightDecayMakesAGroupWithoutDecay) {
  FakeHost host;
  const auto trick = host.create<knack_trick_t>(plugin("no_weight_decay"), "no_weight_decay");
  ToyFit fit(host, *trick);
  fit.begin();
  const auto& groups = fit.optimizer().groups();
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_THAT(groups[0].params, ElementsAre("fc.weight"));
  EXPECT_THAT(groups[1].params, ElementsAre("fc.bias", "norm.weight", "norm.bias"));
  EXPECT_EQ(groups[1].options.at("weight_decay"), 0.0);
}

TEST(Tricks, PreciseBnEvaluatesWithTheStatisticsOfTheTrainingData) {
  FakeHost plain_host;
  knack_trick_t nothing{};
  ToyFit plain(plain_host, nothing);
  plain.run(6);
  FakeHost host;
  const auto trick = host.create<knack_trick_t>(plugin("precise_bn"), "precise_bn");
  ToyFit fit(host, *trick);
  fit.run(6);
  EXPECT_TRUE(fake::compare_sets(plain_host, host));  // it leaves the training alone
  EXPECT_NE(fit.metrics("live").at("loss"), plain.metrics("live").at("loss"));
  EXPECT_EQ(host.log.back().text,
            "the training data has 22 of the 8192 samples asked for; all are used");
}

TEST(Tricks, WeightAverageIsTheMeanOfTheLastEpochs) {
  FakeHost host;
  const auto trick = host.create<knack_trick_t>(plugin("weight_average"), "weight_average",
                                                {{"best", 2}, {"select", "last"}});
  ToyFit fit(host, *trick, {.epochs = 3});
  fit.run(12);
  std::vector<float> expected = fit.live("fc.weight");
  fit.run();
  const std::vector<float> last = fit.live("fc.weight");
  for (std::size_t i = 0; i < last.size(); ++i) expected[i] = (expected[i] + last[i]) / 2;
  EXPECT_THAT(fit.set("average")["fc.weight"], Pointwise(FloatNear(1e-6F), expected));
  EXPECT_EQ(host.files.size(), 2U);
}

TEST(Tricks, WeightAverageChoosesGreedilyByEvaluations) {
  FakeHost host;
  const auto trick =
      host.create<knack_trick_t>(plugin("weight_average"), "weight_average",
                                 {{"best", 3}, {"select", "greedy"}, {"refresh_bn", false}});
  ToyFit fit(host, *trick, {.epochs = 4});
  fit.run();
  EXPECT_EQ(host.calls.at("knack.weights/1 evaluate"), 3);
  EXPECT_GE(fit.metrics("average").at("top1"), fit.metrics("best").at("top1"));
}

}  // namespace
}  // namespace knack::testing
