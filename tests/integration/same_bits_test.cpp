// SPDX-License-Identifier: MIT
// What must not change the numbers does not change a bit of them.
#include <gtest/gtest.h>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

const Words kWithReadOnlyTrick = {"--plugin-path", KNACK_PLUGIN_FIXTURES "/read_only_trick"};

Json with_workers(Json recipe, int workers) {
  for (Json& section : recipe["data"]) section["workers"] = workers;
  return recipe;
}

/// A small ResNet, whose convolutions use several threads.
Json convolutions() {
  Json recipe = small_recipe();
  recipe["model"] = {{"use", "resnet20"}, {"in_channels", 1}, {"num_classes", 10}};
  recipe["data"]["train"]["range"] = {0, 64};
  recipe["data"]["valid"]["range"] = {1200, 1216};
  recipe["data"].erase("test");
  recipe["trainer"] = {{"epochs", 1}, {"threads", 2}};
  return recipe;
}

TEST(SameBits, AReadOnlyTrickInEveryHookChangesNothing) {
  Workbench bench;
  const TrainedRun bare = bench.train(small_recipe());
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "read_only_trick"}}};
  const TrainedRun watched = bench.train(recipe, kWithReadOnlyTrick);
  expect_same_weights(bare, watched);

  const Json calls = watched.summary()["tricks"]["read_only_trick"];
  EXPECT_EQ(calls["fit_begin"], 1);
  for (const char* hook : {"epoch_begin", "eval_begin", "eval_end", "epoch_end"}) {
    EXPECT_EQ(calls[hook], 2) << hook;
  }
  for (const char* hook :
       {"window_begin", "batch", "forward", "loss", "gradients", "before_step", "after_step"}) {
    EXPECT_EQ(calls[hook], 14) << hook;  // two epochs of seven batches
  }
  EXPECT_EQ(calls["fit_end"], 1);
}

TEST(SameBits, AReadOnlyTrickAmongTheFiveChangesNothing) {
  Workbench bench;
  Json recipe = five_trick_recipe();
  const TrainedRun bare = bench.train(recipe);
  recipe["tricks"].insert(recipe["tricks"].begin() + 2, Json{{"use", "read_only_trick"}});
  expect_same_weights(bare, bench.train(recipe, kWithReadOnlyTrick));
}

TEST(SameBits, AnotherRunOfTheRecipeAndAnyNumberOfLoaderWorkersGiveTheSame) {
  Workbench bench;
  const TrainedRun first = bench.train(five_trick_recipe());
  EXPECT_EQ(set_names(first), (Words{"average", "best", "ema", "live"}));
  for (const int workers : {0, 1, 4}) {
    SCOPED_TRACE(workers);
    const Json recipe = with_workers(five_trick_recipe(), workers);
    const TrainedRun run = bench.train(recipe);
    expect_same_weights(run, bench.train(recipe));
    expect_same_weights(run, first);
  }
}

TEST(SameBits, ConvolutionsOnTwoThreadsGiveTheSameAgain) {
  Workbench bench;
  const Json recipe = convolutions();
  expect_same_weights(bench.train(recipe), bench.train(recipe));
}

TEST(SameBits, AnotherSeedGivesOtherWeights) {
  Workbench bench;
  Json recipe = small_recipe();
  const TrainedRun one = bench.train(recipe);
  recipe["trainer"]["seed"] = 2;
  EXPECT_NE(read_tensors(one.weights("live")), read_tensors(bench.train(recipe).weights("live")));
}

TEST(SameBits, TheResolvedRecipeOfARunRepeatsIt) {
  Workbench bench;
  const TrainedRun run = bench.train(five_trick_recipe());
  const ProcessResult repeated =
      bench.knack({"train", (run.folder / "recipe.json").string(), "--run-dir", "again"});
  ASSERT_EQ(repeated.exit_code, 0) << repeated.standard_error;
  const TrainedRun again{bench.path() / "again", repeated};
  expect_same_weights(run, again);
  EXPECT_EQ(file_bytes(run.folder / "recipe.json"), file_bytes(again.folder / "recipe.json"));
}

TEST(SameBits, PreciseBatchNormChangesStatisticsAndNoParameter) {
  Workbench bench;
  Json recipe = small_recipe();
  const auto bare = read_tensors(bench.train(recipe).weights("live"));
  recipe["tricks"] = {{{"use", "precise_bn"}, {"samples", 200}}};
  const auto precise = read_tensors(bench.train(recipe).weights("live"));
  EXPECT_EQ(without_statistics(precise), without_statistics(bare));
  EXPECT_NE(precise, bare);
  EXPECT_LT(without_statistics(bare).size(), bare.size());
}

TEST(SameBits, AveragesLeaveTheTrainingAlone) {
  Workbench bench;
  Json recipe = small_recipe();
  const TrainedRun bare = bench.train(recipe);
  recipe["tricks"] = {{{"use", "ema"}, {"decay", 0.9}}, {{"use", "weight_average"}, {"best", 2}}};
  const TrainedRun averaged = bench.train(recipe);
  EXPECT_EQ(file_bytes(bare.weights("live")), file_bytes(averaged.weights("live")));
}

TEST(SameBits, AWindowOfOneMicroBatchIsNoWindow) {
  Workbench bench;
  Json recipe = small_recipe();
  const TrainedRun bare = bench.train(recipe);
  recipe["tricks"] = {{{"use", "accumulate"}, {"batches", 1}}};
  expect_same_weights(bare, bench.train(recipe));
}

}  // namespace
}  // namespace knack::testing
