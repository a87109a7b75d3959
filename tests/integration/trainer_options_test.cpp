// SPDX-License-Identifier: MIT
// Precisions, memory formats and batch sizes: each trains.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/checkpoint/safetensors.hpp"
#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

Json small_resnet() {
  Json recipe = five_trick_recipe();
  recipe["model"] = {{"use", "resnet20"}, {"in_channels", 1}, {"num_classes", 10}};
  recipe["data"]["train"]["range"] = {0, 128};
  return recipe;
}

/// Loss of the training in each epoch.
std::vector<double> training_losses(const TrainedRun& run) {
  std::vector<double> losses;
  for (const Json& line : run.metrics()) {
    if (line["split"] == "train") losses.push_back(line["loss"]);
  }
  return losses;
}

void expect_falling_loss(const TrainedRun& run) {
  const std::vector<double> losses = training_losses(run);
  ASSERT_EQ(losses.size(), 2u);
  EXPECT_LT(losses[1], losses[0]);
}

std::string type_of(const TrainedRun& run, const std::string& tensor) {
  return host::SafetensorsReader(run.weights("live")).find(tensor)->dtype;
}

class Precision : public ::testing::TestWithParam<const char*> {};

TEST_P(Precision, TrainsAllTricks) {
  Workbench bench;
  Json recipe = small_resnet();
  recipe["trainer"]["precision"] = GetParam();
  const TrainedRun run = bench.train(recipe);
  expect_falling_loss(run);
  EXPECT_EQ(type_of(run, "conv1.weight"), GetParam() == std::string("fp64") ? "F64" : "F32");
  EXPECT_EQ(type_of(run, "bn1.num_batches_tracked"), "I64");
}

INSTANTIATE_TEST_SUITE_P(Each, Precision, ::testing::Values("fp32", "bf16", "fp64"));

TEST(TrainerOptions, ChannelsLastTrainsAndSavesRowMajorWeights) {
  Workbench bench;
  Json recipe = small_resnet();
  const TrainedRun row_major = bench.train(recipe);
  recipe["trainer"]["channels_last"] = true;
  const TrainedRun channels_last = bench.train(recipe);
  expect_falling_loss(channels_last);
  // The same training up to rounding, which shows that the weights are saved in the same order.
  EXPECT_NEAR(training_losses(channels_last)[0], training_losses(row_major)[0], 1e-2);
  const auto left = floats(read_tensors(row_major.weights("live")).at("conv1.weight"));
  const auto right = floats(read_tensors(channels_last.weights("live")).at("conv1.weight"));
  for (std::size_t i = 0; i < left.size(); ++i) EXPECT_NEAR(left[i], right[i], 5e-2) << i;
}

TEST(TrainerOptions, DropLastLeavesTheShortBatchOut) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["data"]["train"]["drop_last"] = true;
  const Json summary = bench.train(recipe).summary();
  EXPECT_EQ(summary["steps"], 12);
  EXPECT_EQ(summary["samples"], 384);
}

TEST(TrainerOptions, ABatchLargerThanTheDataIsAllOfTheData) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["data"]["train"]["batch_size"] = 1000;
  const Json summary = bench.train(recipe).summary();
  EXPECT_EQ(summary["steps"], 2);
  EXPECT_EQ(summary["samples"], 400);
}

TEST(TrainerOptions, DropLastThatDropsAllIsRefused) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["data"]["train"]["batch_size"] = 1000;
  recipe["data"]["train"]["drop_last"] = true;
  EXPECT_THAT(bench.failure(recipe, 3),
              ::testing::HasSubstr("batch_size: 1000 is more than the 200 samples there are"));
}

}  // namespace
}  // namespace knack::testing
