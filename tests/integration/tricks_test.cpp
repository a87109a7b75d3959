// SPDX-License-Identifier: MIT
// Tricks with each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr int kTraining = 6;

TEST(Tricks, ThatBothAskForMicroBatchesAreBothNamed) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "accumulate"}, {"batches", 2}},
                      {{"use", "accumulate"}, {"name", "again"}, {"batches", 3}}};
  EXPECT_EQ(bench.failure(recipe, kTraining),
            "error: tricks `accumulate` and `again`: both ask for the number of micro-batches of a "
            "step, expected one trick to do so; leave one of the two out\n");
}

TEST(Tricks, OfOneKindPublishSetsOfTheirOwn) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "ema"}, {"decay", 0.9}, {"schedule", "constant"}},
                      {{"use", "ema"},
                       {"name", "fast"},
                       {"publish", "fast"},
                       {"decay", 0.5},
                       {"schedule", "constant"}}};
  const TrainedRun run = bench.train(recipe);
  EXPECT_EQ(set_names(run), (Words{"ema", "fast", "live"}));
  EXPECT_NE(read_tensors(run.weights("ema")), read_tensors(run.weights("fast")));

  recipe["tricks"] = {recipe["tricks"][0]};
  EXPECT_EQ(file_bytes(bench.train(recipe).weights("ema")), file_bytes(run.weights("ema")));
}

TEST(Tricks, ThatPublishOneNameAreBothNamed) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "ema"}, {"name", "fast"}}, {{"use", "ema"}}};
  EXPECT_THAT(
      bench.failure(recipe, kTraining),
      AllOf(HasSubstr("fit_begin: weight set `ema` of `ema`: the name is already taken by `fast`"),
            EndsWith("; give one of the two another name\n")));
}

TEST(Tricks, WindowsCountStepsAndNeverCrossAnEpoch) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "accumulate"}, {"batches", 3}}};
  const TrainedRun run = bench.train(recipe);  // seven batches: windows of 3, 3 and 1
  const Json summary = run.summary();
  EXPECT_EQ(summary["steps"], 6);
  EXPECT_EQ(summary["samples"], 400);
  EXPECT_EQ(summary["epochs"], 2);
}

/// The largest difference of two sets of parameters.
double largest_difference(const TrainedRun& run, const TrainedRun& other) {
  const auto ours = without_statistics(read_tensors(run.weights("live")));
  const auto theirs = without_statistics(read_tensors(other.weights("live")));
  EXPECT_EQ(ours.size(), theirs.size());
  double largest = 0;
  for (const auto& [name, tensor] : ours) {
    const auto left = floats(tensor);
    const auto right = floats(theirs.at(name));
    for (std::size_t i = 0; i < left.size(); ++i) {
      largest = std::max<double>(largest, std::abs(left[i] - right[i]));
    }
  }
  return largest;
}

TEST(Tricks, AccumulatedMicroBatchesGiveTheStepOfTheWholeBatch) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["model"]["batch_norm"] = false;
  recipe["data"]["train"]["batch_size"] = 90;  // windows of 90 + 90 + 20 against one batch of 200
  recipe["tricks"] = {{{"use", "accumulate"}, {"batches", 3}}};
  const TrainedRun accumulated = bench.train(recipe);
  recipe["data"]["train"]["batch_size"] = 200;
  recipe["tricks"] = Json::array();
  const TrainedRun whole = bench.train(recipe);
  EXPECT_EQ(accumulated.summary()["steps"], 2);
  EXPECT_EQ(whole.summary()["steps"], 2);
  EXPECT_LE(largest_difference(accumulated, whole), 1e-6);
  recipe["data"]["train"]["batch_size"] = 90;
  EXPECT_GT(largest_difference(whole, bench.train(recipe)), 1e-3);
}

}  // namespace
}  // namespace knack::testing
