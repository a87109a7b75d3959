// SPDX-License-Identifier: MIT
// What a training leaves behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int kUsage = 2;
constexpr int kRecipe = 3;
constexpr int kData = 5;
constexpr int kTraining = 6;

TEST(RunFolder, HoldsRecipeMetricsLogAndWeights) {
  Workbench bench;
  const TrainedRun run = bench.train(five_trick_recipe());
  for (const char* file :
       {"recipe.json", "environment.json", "metrics.jsonl", "log.txt", "final/summary.json",
        "final/classification.json", "final/live.safetensors", "final/ema.safetensors",
        "final/average.safetensors", "final/model.safetensors"}) {
    EXPECT_TRUE(std::filesystem::is_regular_file(run.folder / file)) << file;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(run.folder)) {
    EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
  }
}

TEST(RunFolder, SaysWhichPluginsMadeIt) {
  Workbench bench;
  const Json recipe =
      Json::parse(file_bytes(bench.train(five_trick_recipe()).folder / "recipe.json"));
  const Json used = recipe["plugins"]["used"];
  EXPECT_EQ(used.size(), 9u);
  EXPECT_EQ(used["trick/ema"]["version"], "1.0.0");
  for (const auto& [plugin, facts] : used.items()) {
    EXPECT_EQ(facts["sha256"].get<std::string>().size(), 64u) << plugin;
  }
}

TEST(RunFolder, HasALineOfMetricsForTheTrainingAndForEverySetOfAnEpoch) {
  Workbench bench;
  const TrainedRun run = bench.train(five_trick_recipe());
  std::set<std::string> seen;
  for (const Json& line : run.metrics()) {
    const int epoch = line["epoch"];
    EXPECT_EQ(line["step"], epoch * 4);  // windows of 2, 2, 2 and 1 batches
    EXPECT_EQ(line["samples"], epoch * 200);
    EXPECT_GT(line["loss"].get<double>(), 0);
    const std::string split = line["split"];
    if (split == "valid") {
      EXPECT_GE(line["top5"].get<double>(), line["top1"].get<double>());
    }
    seen.insert(std::to_string(epoch) + " " + split + " " + line["weights"].get<std::string>());
  }
  for (const char* expected : {"1 train live", "1 valid live", "1 valid ema", "2 train live",
                               "2 valid live", "2 valid ema"}) {
    EXPECT_EQ(seen.count(expected), 1u) << expected;
  }
}

TEST(RunFolder, HasALineOfMetricsForEveryStepThatIsToBeRecorded) {
  Workbench bench;
  Json recipe = five_trick_recipe();
  recipe["trainer"]["record_every_steps"] = 3;
  std::vector<int> steps;
  for (const Json& line : bench.train(recipe).metrics()) {
    if (line["split"] != "step") continue;
    steps.push_back(line["step"]);
    EXPECT_EQ(line.size(), 8u) << line;
    EXPECT_EQ(line["weights"], "live");
    EXPECT_EQ(line["lr"], 0.1);
    EXPECT_GT(line["loss"].get<double>(), 0);
    EXPECT_GT(line["grad_norm"].get<double>(), 0);
  }
  EXPECT_EQ(steps, (std::vector<int>{3, 6}));
}

TEST(RunFolder, TellsTheGradientOfTheLastStepAndTheTimeOfEachTrick) {
  Workbench bench;
  std::vector<double> norms;
  for (const int every : {0, 4}) {  // four steps an epoch
    Json recipe = five_trick_recipe();
    recipe["trainer"]["record_every_steps"] = every;
    for (const Json& line : bench.train(recipe).metrics()) {
      if (line.contains("grad_norm")) norms.push_back(line["grad_norm"]);
      if (line["split"] != "train") continue;
      EXPECT_GT(line["ema.seconds"].get<double>(), 0);
      EXPECT_GE(line["no_weight_decay.seconds"].get<double>(), 0);
    }
  }
  ASSERT_EQ(norms.size(), 2u + 4u);
  EXPECT_EQ(norms[2], norms[0]);  // of the step, and then of its epoch
  EXPECT_EQ(norms[3], norms[0]);
  EXPECT_EQ(norms[4], norms[1]);
  EXPECT_NE(norms[1], norms[0]);
}

TEST(RunFolder, SummarizesWhyTheChosenSetIsTheBest) {
  Workbench bench;
  for (const bool by_loss : {false, true}) {
    Json recipe = five_trick_recipe();
    recipe["trainer"]["monitor"] = by_loss ? "loss" : "top1";
    recipe["trainer"]["mode"] = by_loss ? "min" : "max";
    const TrainedRun run = bench.train(recipe);
    const Json summary = run.summary();
    const std::string chosen = summary["chosen"];
    const auto monitored = [&](const std::string& set) {
      const double value = summary["sets"][set]["valid"][by_loss ? "loss" : "top1"];
      return by_loss ? -value : value;
    };
    EXPECT_EQ(summary["sets"].size(), set_names(run).size());
    for (const std::string& set : set_names(run))
      EXPECT_LE(monitored(set), monitored(chosen)) << set;
    EXPECT_THAT(summary["reason"].get<std::string>(),
                HasSubstr(by_loss ? "lowest loss" : "highest top1"));
    EXPECT_EQ(read_tensors(run.weights("model")), read_tensors(run.weights(chosen)));
  }
}

TEST(RunFolder, LogsTheTableOfEpochsAndStandardOutputTheResultAlone) {
  Workbench bench;
  const ProcessResult result = bench.knack(
      {"train", bench.write("recipe.json", five_trick_recipe()).string(), "--run-dir", "run"});
  ASSERT_EQ(result.exit_code, 0) << result.standard_error;
  const std::string log = file_bytes(bench.path() / "run/log.txt");
  for (const char* text : {"train loss", "live loss", "live top1", "ema top1", " 1/2 ", " 2/2 "}) {
    EXPECT_THAT(log, HasSubstr(text));
    EXPECT_THAT(result.standard_error, HasSubstr(text));
    EXPECT_THAT(result.standard_output, Not(HasSubstr(text)));
  }
  EXPECT_THAT(result.standard_output,
              AllOf(HasSubstr("valid top1"), HasSubstr("test top1"), HasSubstr("* chosen: "),
                    HasSubstr("\nresults: " + (bench.path() / "run").string())));
  EXPECT_THAT(result.standard_error, Not(HasSubstr("\x1b")));
}

TEST(RunFolder, LogsAnAccuracyBesideTheLossEvenWhenTheLossIsMonitored) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["trainer"] = {{"epochs", 1}, {"monitor", "loss"}, {"mode", "min"}};
  EXPECT_THAT(file_bytes(bench.train(recipe).folder / "log.txt"),
              ::testing::ContainsRegex("train loss +live loss +live top1 +time"));
}

TEST(RunFolder, KeepsQuietWhenAsked) {
  Workbench bench;
  EXPECT_EQ(bench.train(small_recipe()).process.standard_error, "");
}

TEST(RunFolder, ThatHoldsSomethingIsRefused) {
  Workbench bench;
  bench.write_text("run/notes.txt", "mine");
  const ProcessResult result = bench.knack(
      {"train", bench.write("recipe.json", small_recipe()).string(), "--run-dir", "run"});
  EXPECT_EQ(result.exit_code, kUsage);
  EXPECT_THAT(told(result.standard_error),
              AllOf(StartsWith("run: expected a new or empty folder"), HasSubstr("--run-dir")));
  EXPECT_EQ(file_bytes(bench.path() / "run/notes.txt"), "mine");
  EXPECT_FALSE(std::filesystem::exists(bench.path() / "run/final"));
}

TEST(RunFolder, OfATrainingThatCannotStartIsLeftAsItWas) {
  Workbench bench;
  const std::string good = bench.write("good.json", small_recipe()).string();
  Json recipe = small_recipe();
  recipe["data"]["train"]["root"] = "nowhere";
  const std::string bad = bench.write("bad.json", recipe).string();
  std::filesystem::create_directory(bench.path() / "mine");

  EXPECT_EQ(bench.knack({"train", bad}).exit_code, kData);
  EXPECT_FALSE(std::filesystem::exists(bench.path() / "runs"));
  EXPECT_EQ(bench.knack({"train", bad, "--run-dir", "new"}).exit_code, kData);
  EXPECT_FALSE(std::filesystem::exists(bench.path() / "new"));
  EXPECT_EQ(bench.knack({"train", bad, "--run-dir", "mine"}).exit_code, kData);
  EXPECT_TRUE(std::filesystem::is_empty(bench.path() / "mine"));
  EXPECT_EQ(bench.knack({"train", good, "--run-dir", "mine"}).exit_code, 0);
}

TEST(RunFolder, OfARecipeWhoseErrorShowsLateIsLeftAsItWas) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "ema"}}, {{"use", "weight_average"}, {"of", "emaa"}}};
  const std::string file = bench.write("recipe.json", recipe).string();
  EXPECT_EQ(bench.knack({"train", file, "--run-dir", "run"}).exit_code, kRecipe);
  EXPECT_FALSE(std::filesystem::exists(bench.path() / "run"));
  EXPECT_EQ(bench.knack({"train", file}).exit_code, kRecipe);
  EXPECT_FALSE(std::filesystem::exists(bench.path() / "runs"));
  recipe["tricks"][1]["of"] = "ema";
  bench.write("recipe.json", recipe);
  EXPECT_EQ(bench.knack({"train", file, "--run-dir", "run"}).exit_code, 0);
}

TEST(RunFolder, OfATrainingThatFailsLaterIsKeptWithTheReason) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "throws_in_hook"}}};
  recipe["plugins"]["path"] = {KNACK_PLUGIN_FIXTURES "/throws_in_hook"};
  const ProcessResult result = bench.knack(
      {"train", bench.write("recipe.json", recipe).string(), "--run-dir", "run", "--quiet"});
  EXPECT_EQ(result.exit_code, kTraining);
  EXPECT_TRUE(std::filesystem::exists(bench.path() / "run/recipe.json"));
  EXPECT_THAT(file_bytes(bench.path() / "run/log.txt"),
              HasSubstr("error: " + told(result.standard_error)));
}

TEST(RunFolder, CannotBeAFile) {
  Workbench bench;
  bench.write_text("run", "");
  const ProcessResult result = bench.knack(
      {"train", bench.write("recipe.json", small_recipe()).string(), "--run-dir", "run"});
  EXPECT_EQ(result.exit_code, kUsage);
  EXPECT_EQ(told(result.standard_error),
            "run: expected a new or empty folder for the run, found a file; choose another "
            "with --run-dir\n");
}

TEST(RunFolder, OfEachRunIsItsOwnEvenWithinASecond) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["trainer"]["epochs"] = 1;
  const std::string file = bench.write("recipe.json", recipe).string();
  constexpr int kRuns = 4;  // each takes less than half a second
  for (int i = 0; i < kRuns; ++i) {
    EXPECT_EQ(bench.knack({"train", file, "--quiet"}).exit_code, 0);
  }
  int folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator(bench.path() / "runs/small")) {
    EXPECT_TRUE(std::filesystem::exists(entry.path() / "final/summary.json")) << entry.path();
    ++folders;
  }
  EXPECT_EQ(folders, kRuns);
}

}  // namespace
}  // namespace knack::testing
