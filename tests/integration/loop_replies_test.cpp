// SPDX-License-Identifier: MIT
// What the training loop does with the replies and replacements of tricks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kTraining = 6;
const Words kFixtures = {"--plugin-path", KNACK_LOOP_REPLY_PLUGINS};

/// One epoch over `count` of the digits from `first` on, in their order, in batches of 32, with
/// plain gradient descent and nothing that one sample of a batch does to another.
Json plain_recipe(int first, int count) {
  Json recipe = small_recipe();
  recipe["model"]["batch_norm"] = false;
  recipe["data"]["train"]["range"] = {first, first + count};
  recipe["data"]["train"]["shuffle"] = false;
  recipe["optimizer"]["momentum"] = 0.0;
  recipe["optimizer"]["weight_decay"] = 0.0;
  recipe["trainer"]["epochs"] = 1;
  return recipe;
}

Json accumulate(int batches) {
  return {{"use", "accumulate"}, {"batches", batches}};
}

Json answers(const char* hook, const char* reply, std::vector<int> at) {
  return {{"use", "answers"}, {"hook", hook}, {"reply", reply}, {"at", at}};
}

Json replaces(const char* what, double factor) {
  return {{"use", "replaces"}, {"what", what}, {"factor", factor}};
}

Json measures(const char* hook, const char* what) {
  return {{"use", "measures"}, {"hook", hook}, {"what", what}};
}

Json records() {
  return {{"use", "records"}};
}

TrainedRun train(Workbench& bench, Json recipe, std::vector<Json> tricks) {
  recipe["tricks"] = std::move(tricks);
  return bench.train(recipe, kFixtures);
}

std::vector<int> noted(const TrainedRun& run, const char* what) {
  return run.summary()["tricks"]["records"][what].get<std::vector<int>>();
}

std::string live(const TrainedRun& run) {
  return file_bytes(run.weights("live"));
}

using Tensors = std::map<std::string, std::string>;

Tensors initial(const TrainedRun& run) {
  return read_tensors(run.folder / "plugins" / "records" / "initial.safetensors");
}

double largest_difference(const TrainedRun& run, const TrainedRun& other) {
  const Tensors theirs = read_tensors(other.weights("live"));
  double largest = 0;
  for (const auto& [name, tensor] : read_tensors(run.weights("live"))) {
    const auto left = floats(tensor);
    const auto right = floats(theirs.at(name));
    for (std::size_t i = 0; i < left.size(); ++i) {
      largest = std::max<double>(largest, std::abs(left[i] - right[i]));
    }
  }
  return largest;
}

class SkipBatch : public ::testing::TestWithParam<const char*> {};

TEST_P(SkipBatch, GivesTheStepOfAWindowWithoutThatMicroBatch) {
  Workbench bench;
  const TrainedRun without_last = train(bench, plain_recipe(0, 64), {accumulate(2)});
  const TrainedRun without_first = train(bench, plain_recipe(32, 64), {accumulate(2)});
  const TrainedRun whole = train(bench, plain_recipe(0, 96), {accumulate(3)});
  const auto skipping = [&](int micro_batch) {
    return train(bench, plain_recipe(0, 96),
                 {accumulate(3), answers(GetParam(), "skip_batch", {micro_batch}), records()});
  };
  const TrainedRun last_skipped = skipping(3);
  EXPECT_LE(largest_difference(last_skipped, without_last), 1e-6);
  EXPECT_LE(largest_difference(skipping(1), without_first), 1e-6);
  EXPECT_GT(largest_difference(whole, without_last), 1e-4);
  EXPECT_THAT(noted(last_skipped, "after_step.stepped"), ElementsAre(1));
  EXPECT_EQ(last_skipped.summary()["steps"], 1);
}

TEST_P(SkipBatch, OfEveryMicroBatchDropsTheStep) {
  Workbench bench;
  const TrainedRun run =
      train(bench, plain_recipe(0, 96), {answers(GetParam(), "skip_batch", {2}), records()});
  EXPECT_THAT(noted(run, "after_step.stepped"), ElementsAre(1, 0, 1));
  EXPECT_THAT(noted(run, "after_step.step"), ElementsAre(1, 1, 2));
  EXPECT_EQ(run.summary()["steps"], 2);

  const TrainedRun none =
      train(bench, plain_recipe(0, 96), {answers(GetParam(), "skip_batch", {1, 2, 3}), records()});
  EXPECT_THAT(noted(none, "after_step.stepped"), ElementsAre(0, 0, 0));
  EXPECT_EQ(none.summary()["steps"], 0);
  EXPECT_EQ(read_tensors(none.weights("live")), initial(none));
}

INSTANTIATE_TEST_SUITE_P(InEachHook, SkipBatch, ::testing::Values("batch", "forward", "loss"));

TEST(LoopReplies, SkipStepLeavesWeightsCountersAndAveragesAsTheyWere) {
  Workbench bench;
  Json recipe = plain_recipe(0, 128);
  recipe["optimizer"]["momentum"] = 0.9;
  const Json ema = {{"use", "ema"}, {"decay", 0.5}, {"schedule", "constant"}};
  const TrainedRun skipped =
      train(bench, recipe, {ema, answers("before_step", "skip_step", {4}), records()});
  recipe["data"]["train"]["range"] = {0, 96};
  const TrainedRun shorter = train(bench, recipe, {ema});
  expect_same_weights(skipped, shorter);
  EXPECT_THAT(noted(skipped, "after_step.stepped"), ElementsAre(1, 1, 1, 0));
  EXPECT_THAT(noted(skipped, "after_step.step"), ElementsAre(1, 2, 3, 3));
  EXPECT_EQ(skipped.summary()["steps"], 3);
  EXPECT_EQ(skipped.summary()["samples"], 128);
}

TEST(LoopReplies, SkipStepDropsTheGradient) {
  Workbench bench;
  const TrainedRun skipped =
      train(bench, plain_recipe(0, 96), {answers("before_step", "skip_step", {1}), records()});
  const TrainedRun rest = train(bench, plain_recipe(32, 64), {});
  EXPECT_TRUE(live(skipped) == live(rest));
}

TEST(LoopReplies, StopEpochEvaluatesAndBeginsTheNextEpoch) {
  Workbench bench;
  Json recipe = plain_recipe(0, 128);
  recipe["trainer"]["epochs"] = 2;
  const TrainedRun run =
      train(bench, recipe, {answers("after_step", "stop_epoch", {2}), records()});
  EXPECT_THAT(noted(run, "after_step.micro_batch"), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(noted(run, "epoch_end.epoch"), ElementsAre(1, 2));
  std::vector<std::int64_t> evaluated_after;
  for (const Json& line : run.metrics()) {
    if (line["split"] == "train" || line.contains("final")) continue;
    evaluated_after.push_back(line["step"]);
  }
  EXPECT_THAT(evaluated_after, ElementsAre(2, 6));
}

TEST(LoopReplies, StopFitEndsTheRunProperly) {
  for (const auto& [hook, at, steps] :
       {std::tuple{"after_step", 6, 6}, std::tuple{"epoch_end", 4, 4}}) {
    Workbench bench;
    Json recipe = plain_recipe(0, 128);
    recipe["trainer"]["epochs"] = 5;
    const Json average = {{"use", "weight_average"}, {"best", 2}};
    const TrainedRun run =
        train(bench, recipe, {average, answers(hook, "stop_fit", {at}), records()});
    const Json summary = run.summary();
    EXPECT_EQ(summary["steps"], steps) << hook;
    EXPECT_EQ(summary["epochs"], (steps + 3) / 4) << hook;
    EXPECT_EQ(noted(run, "epoch_end.epoch").size(), summary["epochs"]) << hook;
    EXPECT_EQ(set_names(run), (Words{"average", "best", "live"})) << hook;
    EXPECT_TRUE(std::filesystem::exists(run.weights("model"))) << hook;
    EXPECT_EQ(summary["tricks"]["weight_average"]["epochs"].size(), summary["epochs"]) << hook;
  }
}

TEST(LoopReplies, ReplacedInputsAreWhatTheModelSees) {
  Workbench bench;
  const TrainedRun run = train(bench, plain_recipe(0, 96), {replaces("inputs", 0), records()});
  const Tensors before = initial(run);
  const Tensors after = read_tensors(run.weights("live"));
  int matrices_kept = 0;
  for (const auto& [name, tensor] : after) matrices_kept += tensor == before.at(name) ? 1 : 0;
  EXPECT_EQ(matrices_kept, 1);  // the first layer's: its gradient has the inputs as a factor
}

TEST(LoopReplies, ReplacedTargetsAreWhatTheObjectiveSees) {
  Workbench bench;
  Json recipe = plain_recipe(0, 1200);
  recipe["trainer"]["epochs"] = 4;
  const TrainedRun run = train(bench, recipe, {replaces("targets", 0)});
  // All training images become the digit 0, which a tenth of those in `valid` are.
  std::vector<double> training_losses;
  for (const Json& line : run.metrics()) {
    if (line["split"] == "train") training_losses.push_back(line["loss"]);
  }
  EXPECT_LT(training_losses.back(), 0.05);
  EXPECT_LT(run.summary()["sets"]["live"]["valid"]["top1"], 0.2);
}

TEST(LoopReplies, ReplacedOutputsAreWhatTheObjectiveSees) {
  Workbench bench;
  const TrainedRun run = train(bench, plain_recipe(0, 96), {replaces("outputs", 0), records()});
  EXPECT_EQ(read_tensors(run.weights("live")), initial(run));
  EXPECT_NEAR(run.metrics()[0]["loss"].get<double>(), std::log(10), 1e-6);
}

TEST(LoopReplies, TheReplacedLossIsTheOneThatIsMinimized) {
  Workbench bench;
  const TrainedRun doubled = train(bench, plain_recipe(0, 96), {replaces("loss", 2)});
  Json recipe = plain_recipe(0, 96);
  const TrainedRun usual = train(bench, recipe, {});
  recipe["optimizer"]["lr"] = 0.2;
  EXPECT_LE(largest_difference(doubled, train(bench, recipe, {})), 1e-6);
  EXPECT_GT(largest_difference(doubled, usual), 1e-3);
}

TEST(LoopReplies, TheNextTrickSeesWhatTheOneBeforeItReplaced) {
  Workbench bench;
  Json second = replaces("loss", 3);
  second["name"] = "second";
  const TrainedRun twice = train(bench, plain_recipe(0, 96), {replaces("loss", 2), second});
  const TrainedRun once = train(bench, plain_recipe(0, 96), {replaces("loss", 6)});
  EXPECT_LE(largest_difference(twice, once), 1e-6);
}

TEST(LoopReplies, HooksThatCloseAreCalledInReverse) {
  Workbench bench;
  Json second = records();
  second["name"] = "second";
  const Json tricks = train(bench, plain_recipe(0, 96), {records(), second}).summary()["tricks"];
  const auto is_first = [&](const std::string& hook) {
    const int first = tricks["records"]["order." + hook];
    const int other = tricks["second"]["order." + hook];
    EXPECT_EQ(std::abs(first - other), 1) << hook;
    return first < other;
  };
  for (const char* hook : {"fit_begin", "batch", "forward", "before_step", "eval_begin"}) {
    EXPECT_TRUE(is_first(hook)) << hook;
  }
  for (const char* hook : {"gradients", "after_step", "eval_end", "epoch_end", "fit_end"}) {
    EXPECT_FALSE(is_first(hook)) << hook;
  }
}

TEST(LoopReplies, CountersIncludeTheMicroBatchInProgress) {
  Workbench bench;
  const TrainedRun run = train(bench, plain_recipe(0, 112), {accumulate(2), records()});
  for (const std::string hook : {"batch", "forward"}) {
    EXPECT_THAT(noted(run, (hook + ".micro_batch").c_str()), ElementsAre(1, 2, 3, 4)) << hook;
    EXPECT_THAT(noted(run, (hook + ".samples_seen").c_str()), ElementsAre(32, 64, 96, 112)) << hook;
  }
  EXPECT_THAT(noted(run, "after_step.micro_batch"), ElementsAre(2, 4));
}

TEST(LoopReplies, MeasurementsLeaveTrainingAsItIs) {
  Workbench bench;
  const TrainedRun usual = train(bench, small_recipe(), {});
  for (const char* what : {"evaluate", "observe"}) {
    for (const char* hook : {"epoch_begin", "gradients", "after_step"}) {
      const TrainedRun measured = train(bench, small_recipe(), {measures(hook, what)});
      EXPECT_TRUE(live(measured) == live(usual)) << what << " in " << hook;
      EXPECT_GE(measured.summary()["tricks"]["measures"]["measured"], 2) << what << " in " << hook;
    }
  }
}

TEST(LoopReplies, AnEvaluationThatATrickAsksForIsNotTakenForTheEpochsOwn) {
  Workbench bench;
  const Json average = {{"use", "weight_average"}, {"best", 2}};
  const TrainedRun usual = train(bench, small_recipe(), {average});
  const TrainedRun measured =
      train(bench, small_recipe(), {average, measures("after_step", "evaluate")});
  EXPECT_EQ(measured.summary()["tricks"]["weight_average"]["monitored"],
            usual.summary()["tricks"]["weight_average"]["monitored"]);
  EXPECT_TRUE(file_bytes(measured.weights("average")) == file_bytes(usual.weights("average")));
}

TEST(LoopReplies, AnEvaluationBeforeTheFitHasBegunIsRefused) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["tricks"] = {measures("fit_begin", "evaluate")};
  EXPECT_THAT(bench.failure(recipe, kTraining, kFixtures),
              AllOf(HasSubstr("asked for an evaluation in fit_begin;"),
                    HasSubstr("; ask after it, such as in epoch_begin")));
}

TEST(LoopReplies, AFailedEvaluationThatIsCaughtDisablesNothing) {
  Workbench bench;
  Json measuring = measures("after_step", "evaluate");
  measuring["catches"] = true;
  const TrainedRun run =
      train(bench, plain_recipe(0, 96), {measuring, answers("eval_begin", "fail", {1}), records()});
  const Json counts = run.summary()["tricks"]["measures"];
  EXPECT_EQ(counts["failed"], 1);
  EXPECT_EQ(counts["measured"], 2);
  EXPECT_TRUE(live(run) == live(train(bench, plain_recipe(0, 96), {})));
}

TEST(LoopReplies, AnEvaluationDuringAnEvaluationIsRefusedAndMayBeCaught) {
  Workbench bench;
  Json measuring = measures("eval_begin", "evaluate");
  measuring["catches"] = true;
  const TrainedRun run = train(bench, plain_recipe(0, 96), {measuring});
  const Json counts = run.summary()["tricks"]["measures"];
  EXPECT_EQ(counts["failed"], 1);  // the epoch's; those after fit_end are not in the summary
  EXPECT_EQ(counts["measured"], 0);
}

}  // namespace
}  // namespace knack::testing
