// SPDX-License-Identifier: MIT
// Pairs of recipes that must leave the same weights, bit for bit: no expected value is needed.
#include <gtest/gtest.h>

#include <utility>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

Json no_weight_decay() {
  return {{"use", "no_weight_decay"}};
}

Json accumulate(int batches, const char* bn_momentum = "as_is") {
  return {{"use", "accumulate"}, {"batches", batches}, {"bn_momentum", bn_momentum}};
}

Json ema(double decay, int every = 1) {
  return {{"use", "ema"}, {"decay", decay}, {"schedule", "constant"}, {"every", every}};
}

Json precise_bn(int samples) {
  return {{"use", "precise_bn"}, {"samples", samples}};
}

Json weight_average(const char* select, int best, bool refresh_bn) {
  return {
      {"use", "weight_average"}, {"select", select}, {"best", best}, {"refresh_bn", refresh_bn}};
}

TrainedRun train(Workbench& bench, Json recipe, std::vector<Json> tricks) {
  recipe["tricks"] = std::move(tricks);
  return bench.train(recipe);
}

/// Tensor by tensor, since each file also tells the name of its set.
void expect_same_set(const TrainedRun& run, const char* set, const char* other) {
  EXPECT_TRUE(read_tensors(run.weights(set)) == read_tensors(run.weights(other)))
      << set << " and " << other;
}

/// The validation metrics of one set in the order of their evaluations, without its name.
std::vector<Json> validations(const TrainedRun& run, const std::string& set) {
  std::vector<Json> lines;
  for (Json& line : run.metrics()) {
    if (line["split"] != "valid" || line["weights"] != set) continue;
    line.erase("weights");
    lines.push_back(line);
  }
  return lines;
}

/// Each test in both precisions, since a formula that is exact in one may round in the other.
class Metamorphic : public ::testing::TestWithParam<const char*> {
 protected:
  /// Four epochs of steps so large that the best epoch is not the last.
  static Json recipe() {
    Json recipe = small_recipe();
    recipe["trainer"] = {{"epochs", 4}, {"precision", GetParam()}};
    recipe["optimizer"]["lr"] = 1.0;
    return recipe;
  }
  Workbench bench_;
};

TEST_P(Metamorphic, AnAverageThatKeepsNothingIsTheLiveWeights) {
  for (const int every : {1, 2}) {  // 28 steps, or 16 windows: both end with an update
    const TrainedRun run = train(bench_, recipe(), {ema(0, every)});
    expect_same_set(run, "ema", "live");
    const TrainedRun with_others =
        train(bench_, recipe(), {no_weight_decay(), accumulate(2), ema(0, every), precise_bn(150)});
    expect_same_set(with_others, "ema", "live");
    EXPECT_EQ(validations(with_others, "ema"), validations(with_others, "live"));
  }
  const TrainedRun slow = train(bench_, recipe(), {ema(0.5)});
  EXPECT_NE(read_tensors(slow.weights("ema")), read_tensors(slow.weights("live")));
}

TEST_P(Metamorphic, AWindowOfOneMicroBatchAmongOtherTricksIsNoWindow) {
  const Json average = weight_average("best", 2, true);
  const std::vector<Json> others = {no_weight_decay(), ema(0.9), precise_bn(150), average};
  const TrainedRun without = train(bench_, recipe(), others);
  for (const char* bn_momentum : {"as_is", "corrected"}) {
    SCOPED_TRACE(bn_momentum);
    std::vector<Json> tricks = others;
    tricks.insert(tricks.begin(), accumulate(1, bn_momentum));
    expect_same_weights(train(bench_, recipe(), tricks), without);
  }
}

TEST_P(Metamorphic, AnAverageOfOneEpochIsTheBestEpoch) {
  for (const char* select : {"best", "greedy"}) {
    SCOPED_TRACE(select);
    const TrainedRun plain = train(bench_, recipe(), {weight_average(select, 1, false)});
    expect_same_set(plain, "average", "best");
    EXPECT_NE(read_tensors(plain.weights("best")), read_tensors(plain.weights("live")));
    EXPECT_EQ(plain.summary()["tricks"]["weight_average"]["epochs"].size(), 1U);
    // All 200 training samples, as many as the average is refreshed from.
    const TrainedRun refreshed =
        train(bench_, recipe(), {precise_bn(200), weight_average(select, 1, true)});
    expect_same_set(refreshed, "average", "best");
  }
}

TEST_P(Metamorphic, AnAverageOfTheLastEpochIsTheLiveWeights) {
  for (const char* select : {"last", "swa"}) {  // swa begins after three quarters
    SCOPED_TRACE(select);
    const TrainedRun run = train(bench_, recipe(), {weight_average(select, 1, false)});
    expect_same_set(run, "average", "live");
  }
}

TEST_P(Metamorphic, PreciseBatchNormTwiceIsOnce) {
  Json again = precise_bn(150);
  again["name"] = "again";
  const Json average = weight_average("best", 2, false);
  const TrainedRun once = train(bench_, recipe(), {ema(0.9), average, precise_bn(150)});
  const TrainedRun twice = train(bench_, recipe(), {ema(0.9), average, precise_bn(150), again});
  expect_same_weights(once, twice);
  for (const std::string& set : set_names(once)) {
    EXPECT_EQ(validations(once, set), validations(twice, set)) << set;
  }
  const TrainedRun never = train(bench_, recipe(), {ema(0.9), average});
  EXPECT_NE(read_tensors(once.weights("ema")), read_tensors(never.weights("ema")));
}

TEST_P(Metamorphic, AnEstimateForOneSetLeavesTheOthersAlone) {
  const TrainedRun without = train(bench_, recipe(), {ema(0.9)});
  for (const auto& [measured, other] : {std::pair{"live", "ema"}, std::pair{"ema", "live"}}) {
    Json of_one = precise_bn(150);
    of_one["sets"] = {measured};
    const TrainedRun run = train(bench_, recipe(), {ema(0.9), of_one});
    EXPECT_TRUE(file_bytes(run.weights(other)) == file_bytes(without.weights(other))) << other;
    EXPECT_FALSE(file_bytes(run.weights(measured)) == file_bytes(without.weights(measured)));
  }
}

TEST_P(Metamorphic, AnEvaluationAgainMeasuresTheSame) {
  const TrainedRun run = train(bench_, recipe(), {ema(0.9), precise_bn(150)});
  for (const char* set : {"live", "ema"}) {
    const std::vector<Json> lines = validations(run, set);
    ASSERT_EQ(lines.size(), 5U) << set;  // four epochs and the end
    EXPECT_EQ(lines[4]["loss"], lines[3]["loss"]) << set;
    EXPECT_NE(lines[3]["loss"], lines[2]["loss"]) << set;
  }
}

TEST_P(Metamorphic, TricksThatAreToldToDoNothingLeaveTheBareLoop) {
  const TrainedRun bare = train(bench_, recipe(), {});
  Json decayed = no_weight_decay();
  decayed["exclude"] = {"*"};
  Json of_no_set = precise_bn(150);
  of_no_set["sets"] = {"nobody"};
  const Json average = weight_average("best", 2, true);
  const TrainedRun run =
      train(bench_, recipe(), {decayed, accumulate(1), ema(0.9), of_no_set, average});
  EXPECT_EQ(set_names(run), (Words{"average", "best", "ema", "live"}));
  EXPECT_TRUE(file_bytes(run.weights("live")) == file_bytes(bare.weights("live")));
  EXPECT_EQ(validations(run, "live"), validations(bare, "live"));
}

TEST_P(Metamorphic, EveryTrickTakenOutLeavesTheBareLoop) {
  const TrainedRun bare = train(bench_, recipe(), {});
  Json five = recipe();
  five["tricks"] = five_trick_recipe()["tricks"];
  Words without;
  for (const Json& trick : five["tricks"]) {
    without.insert(without.end(),
                   {"--set", "tricks[" + trick["use"].get<std::string>() + "]=null"});
  }
  expect_same_weights(bench_.train(five, without), bare);
  EXPECT_NE(read_tensors(bench_.train(five).weights("live")), read_tensors(bare.weights("live")));
}

TEST_P(Metamorphic, AnEvaluationAbortedInTheMiddleLeavesEveryWeight) {
  const std::vector<Json> others = {accumulate(2), ema(0.9), precise_bn(150)};
  const TrainedRun undisturbed = train(bench_, recipe(), others);
  for (const char* set : {"live", "ema"}) {
    for (const char* at : {"eval_begin", "estimate", "eval_end"}) {
      SCOPED_TRACE(std::string(set) + " in " + at);
      Json disturbed = recipe();
      disturbed["tricks"] = others;
      disturbed["tricks"].push_back({{"use", "aborts_evaluation"}, {"name", "fails"}, {"at", at}});
      disturbed["tricks"].push_back({{"use", "aborts_evaluation"}, {"name", "asks"}, {"set", set}});
      const TrainedRun run = bench_.train(disturbed, {"--plugin-path", KNACK_LOOP_REPLY_PLUGINS});
      expect_same_weights(run, undisturbed);
      const Json seen = run.summary()["tricks"]["asks"];
      EXPECT_EQ(seen["aborted"], run.summary()["steps"]);
      EXPECT_EQ(seen["changed"], 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(In, Metamorphic, ::testing::Values("fp32", "fp64"),
                         [](const auto& precision) { return std::string(precision.param); });

}  // namespace
}  // namespace knack::testing
