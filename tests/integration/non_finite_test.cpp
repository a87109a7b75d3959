// SPDX-License-Identifier: MIT
// Losses and gradients that are NaN or infinite: what is said, and what trainer.non_finite does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kTraining = 6;
const Words kFixtures = {"--plugin-path", KNACK_LOOP_REPLY_PLUGINS};

/// One epoch over `count` of the digits from `first` on, in their order, in batches of 32, by a
/// model with BatchNorm.
Json ordered_recipe(int first, int count) {
  Json recipe = small_recipe();
  recipe["data"]["train"]["range"] = {first, first + count};
  recipe["data"]["train"]["shuffle"] = false;
  recipe["trainer"] = {{"epochs", 1}};
  return recipe;
}

Json poisons(const char* what, std::vector<int> at, const char* parameter = "") {
  return {{"use", "poisons"}, {"what", what}, {"at", at}, {"parameter", parameter}};
}

Json skipping(Json recipe, int limit = 10) {
  recipe["trainer"]["non_finite"] = "skip_step";
  recipe["trainer"]["non_finite_limit"] = limit;
  return recipe;
}

Json with_tricks(Json recipe, std::vector<Json> tricks) {
  recipe["tricks"] = std::move(tricks);
  return recipe;
}

const Json kEma = {{"use", "ema"}, {"decay", 0.5}, {"schedule", "constant"}};
const Json kRecords = {{"use", "records"}};

TrainedRun train(Workbench& bench, const Json& recipe) {
  return bench.train(recipe, kFixtures);
}

std::vector<int> noted(const TrainedRun& run, const char* what) {
  return run.summary()["tricks"]["records"][what].get<std::vector<int>>();
}

std::string failure(const Json& recipe) {
  Workbench bench;
  return bench.failure(recipe, kTraining, kFixtures);
}

TEST(NonFinite, StopNamesStepSamplesAndTheTrickThatSpoiltTheLoss) {
  const std::string text = failure(with_tricks(ordered_recipe(0, 96), {poisons("loss", {2})}));
  EXPECT_THAT(text, AllOf(HasSubstr("epoch 1, step 2, micro-batch 1 of 1 (samples 32, 33, 34, 35, "
                                    "36, 37, 38, 39 and 24 more): expected a finite loss, found "
                                    "NaN; neither the model nor the objective gives it"),
                          HasSubstr("so look at what changes outputs or loss: `poisons`"),
                          HasSubstr("trainer.non_finite \"skip_step\"")));
}

TEST(NonFinite, StopNamesTheSampleWhoseInputsAreNotFinite) {
  EXPECT_THAT(failure(with_tricks(ordered_recipe(0, 96), {poisons("second_input", {3})})),
              AllOf(HasSubstr("step 3, "), HasSubstr("the inputs of sample 65 are not finite"),
                    HasSubstr("look at what changed them: `poisons`"), Not(HasSubstr("lr"))));
}

TEST(NonFinite, StopNamesAParameterThatAnEarlierStepLeft) {
  EXPECT_THAT(
      failure(with_tricks(ordered_recipe(0, 96), {poisons("parameter", {1}, "layers.0.weight")})),
      AllOf(HasSubstr("step 2, "), HasSubstr("parameter `layers.0.weight` is not finite")));
}

TEST(NonFinite, StopNamesTheGradientNearestToTheLoss) {
  const std::string text =
      failure(with_tricks(ordered_recipe(0, 96), {poisons("gradient", {1}, "layers.0.weight")}));
  EXPECT_THAT(text, HasSubstr("step 1, micro-batch 1 of 1 (samples 0, 1, 2, 3, 4, 5, 6, 7 and 24 "
                              "more): expected finite gradients, found NaN in that of "
                              "`layers.0.weight`;"));
}

TEST(NonFinite, StopNamesTheLayerOfAResNetWhoseActivationsOverflow) {
  Json recipe = ordered_recipe(0, 24);
  recipe["model"] = {{"use", "resnet20"}, {"in_channels", 1}, {"num_classes", 10}};
  recipe["data"]["train"]["batch_size"] = 8;
  recipe["data"]["valid"]["range"] = {1200, 1208};
  recipe["data"].erase("test");
  recipe["tricks"] = {poisons("large_parameter", {1}, "layer2.0.conv1.weight")};
  for (const char* precision : {"fp32", "bf16"}) {
    recipe["trainer"]["precision"] = precision;
    EXPECT_THAT(failure(recipe), AllOf(HasSubstr("step 2, "),
                                       HasSubstr("it comes from layer `layer2.0.conv1` (`aten::"),
                                       HasSubstr("a lower lr or a warm-up may help")))
        << precision;
  }
}

TEST(NonFinite, StopNamesTheMicroBatchOfAWindow) {
  EXPECT_THAT(failure(with_tricks(ordered_recipe(0, 128),
                                  {{{"use", "accumulate"}, {"batches", 4}}, poisons("loss", {3})})),
              HasSubstr("epoch 1, step 1, micro-batch 3 of 4 (samples 64, 65, "));
}

TEST(NonFinite, StopNamesTheLastGoodCheckpoint) {
  Json recipe = with_tricks(ordered_recipe(0, 96), {poisons("loss", {5})});
  recipe["trainer"]["epochs"] = 2;
  EXPECT_THAT(failure(recipe),
              AllOf(HasSubstr("epoch 2, step 5, "), HasSubstr("the last good checkpoint is "),
                    HasSubstr("-step-3; "), HasSubstr("; go on with `knack train --resume ")));
}

TEST(NonFinite, ASkippedStepLeavesWeightsStatisticsAveragesAndMomentaAsTheyWere) {
  for (const char* what : {"inputs", "outputs", "loss", "gradient"}) {
    Workbench bench;
    const TrainedRun skipped =
        train(bench, with_tricks(skipping(ordered_recipe(0, 128)),
                                 {kEma, poisons(what, {1}, "layers.0.weight"), kRecords}));
    const TrainedRun rest = train(bench, with_tricks(ordered_recipe(32, 96), {kEma}));
    expect_same_weights(skipped, rest);
    EXPECT_THAT(noted(skipped, "after_step.stepped"), ElementsAre(0, 1, 1, 1)) << what;
    EXPECT_THAT(noted(skipped, "after_step.step"), ElementsAre(0, 1, 2, 3)) << what;
    EXPECT_EQ(skipped.summary()["steps"], 3) << what;
    EXPECT_EQ(skipped.summary()["samples"], 128) << what;
    EXPECT_EQ(skipped.metrics()[0]["loss"], rest.metrics()[0]["loss"]) << what;
  }
}

TEST(NonFinite, SkippedStepsAreWarnedOfOnceAnEpoch) {
  Workbench bench;
  Json recipe = skipping(with_tricks(ordered_recipe(0, 128), {poisons("loss", {2, 4, 7})}));
  recipe["trainer"]["epochs"] = 3;
  const TrainedRun run = train(bench, recipe);
  const std::string& text = run.process.standard_error;
  const auto count = [&](const std::string& part) {
    int found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("steps with such numbers are skipped"), 2) << text;
  EXPECT_EQ(count("epoch 1, step 2, micro-batch 1 of 1 (samples 32, "), 1) << text;
  EXPECT_EQ(count("epoch 2, step 5, micro-batch 1 of 1 (samples 64, "), 1) << text;
  std::vector<int> skipped;
  for (const Json& line : run.metrics()) {
    if (line["split"] == "train") skipped.push_back(line.value("skipped_steps", 0));
  }
  EXPECT_THAT(skipped, ElementsAre(2, 1, 0));
}

TEST(NonFinite, OneBadMicroBatchDropsItsWindow) {
  Workbench bench;
  const Json accumulate = {{"use", "accumulate"}, {"batches", 2}};
  const TrainedRun skipped =
      train(bench, with_tricks(skipping(ordered_recipe(0, 192)),
                               {accumulate, kEma, poisons("loss", {3}), kRecords}));
  EXPECT_THAT(noted(skipped, "after_step.stepped"), ElementsAre(1, 0, 1));
  // The same micro-batches in the same windows, the bad one taken out by a trick's own reply.
  const Json vetoes = {
      {"use", "answers"}, {"hook", "before_step"}, {"reply", "skip_step"}, {"at", {4}}};
  Json recipe = ordered_recipe(0, 192);
  recipe["model"]["batch_norm"] = false;
  const TrainedRun without =
      train(bench, with_tricks(skipping(recipe), {accumulate, kEma, poisons("loss", {3})}));
  expect_same_weights(without, train(bench, with_tricks(recipe, {accumulate, kEma, vetoes})));
}

TEST(NonFinite, TheLimitCountsStepsInARow) {
  Workbench bench;
  const Json broken =
      with_tricks(ordered_recipe(0, 192), {poisons("loss", {1, 2, 4, 5}), kRecords});
  EXPECT_THAT(noted(train(bench, skipping(broken, 2)), "after_step.stepped"),
              ElementsAre(0, 0, 1, 0, 0, 1));
  EXPECT_THAT(
      failure(skipping(broken, 1)),
      AllOf(HasSubstr("epoch 1, step 1, micro-batch 1 of 1 (samples 32, "),
            HasSubstr("the limit of trainer.non_finite_limit"), Not(HasSubstr("\"skip_step\""))));
}

TEST(NonFinite, ExplainingASkippedStepDisturbsNoRandomStream) {
  Workbench bench;
  Json recipe = skipping(with_tricks(ordered_recipe(0, 128), {poisons("outputs", {1})}));
  recipe["model"]["dropout"] = 0.5;
  const TrainedRun explained = train(bench, recipe);
  // The epoch's first bad step is explained by another forward, the second is not.
  recipe["tricks"] = {poisons("outputs", {1, 2})};
  const TrainedRun twice = train(bench, recipe);
  const auto steps = [](const TrainedRun& run) { return run.summary()["steps"].get<int>(); };
  EXPECT_EQ(steps(explained), 3);
  EXPECT_EQ(steps(twice), 2);
  // A veto by a trick draws the same numbers and explains nothing.
  const Json vetoes = {
      {"use", "answers"}, {"hook", "before_step"}, {"reply", "skip_step"}, {"at", {1}}};
  recipe["tricks"] = {vetoes};
  recipe["model"]["batch_norm"] = false;
  const TrainedRun vetoed = train(bench, recipe);
  recipe["tricks"] = {poisons("outputs", {1})};
  expect_same_weights(train(bench, recipe), vetoed);
}

}  // namespace
}  // namespace knack::testing
