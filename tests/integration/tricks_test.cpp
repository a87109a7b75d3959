// SPDX-License-Identifier: MIT
// Tricks with each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::Not;

constexpr int kRecipe = 3;

TEST(Tricks, ThatBothAskForMicroBatchesAreBothNamed) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "accumulate"}, {"batches", 2}},
                      {{"use", "accumulate"}, {"name", "again"}, {"batches", 3}}};
  EXPECT_THAT(bench.failure(recipe, kRecipe),
              HasSubstr(": tricks `accumulate`, `again`: expected one that asks for the number of "
                        "micro-batches of a step, found 2; leave all but one of them out\n"));
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
      bench.failure(recipe, kRecipe),
      AllOf(HasSubstr("fit_begin: weight set `ema` of `ema`: the name is already taken by `fast`"),
            AllOf(HasSubstr("; the plugin's file is "),
                  HasSubstr("; give one of the two another name\n"))));
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

/// small_recipe() with `weight_average` of `select` over `epochs` epochs.
Json averaging_recipe(const std::string& select, int epochs, bool batch_norm) {
  Json recipe = small_recipe();
  recipe["model"]["batch_norm"] = batch_norm;
  recipe["trainer"]["epochs"] = epochs;
  recipe["tricks"] = {{{"use", "weight_average"}, {"select", select}, {"best", 3}}};
  return recipe;
}

Json& trick_options(Json& recipe) {
  return recipe["tricks"][0];
}

Json average_facts(const TrainedRun& run) {
  return run.summary()["tricks"]["weight_average"];
}

std::vector<int> averaged_epochs(const TrainedRun& run) {
  return average_facts(run)["epochs"].get<std::vector<int>>();
}

std::filesystem::path snapshots(const TrainedRun& run) {
  return run.folder / "plugins" / "weight_average" / "snapshots";
}

/// In the order of their epochs.
std::vector<int> snapshot_epochs(const TrainedRun& run) {
  std::vector<int> epochs;
  for (const auto& entry : std::filesystem::directory_iterator(snapshots(run))) {
    epochs.push_back(std::stoi(entry.path().stem().string().substr(std::string("epoch-").size())));
  }
  std::sort(epochs.begin(), epochs.end());
  return epochs;
}

/// The file of an average holds the mean over `epochs`, in fp64 and then rounded once.
void expect_mean_of_snapshots(const TrainedRun& run, const std::vector<int>& epochs) {
  std::vector<std::map<std::string, std::string>> members;
  for (const int epoch : epochs) {
    members.push_back(
        read_tensors(snapshots(run) / ("epoch-" + std::to_string(epoch) + ".safetensors")));
  }
  for (const auto& [name, average] : read_tensors(run.weights("average"))) {
    std::vector<double> sum(floats(average).size());
    for (const auto& member : members) {
      const std::vector<float> numbers = floats(member.at(name));
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += numbers[i];
    }
    std::vector<float> mean;
    for (const double number : sum) {
      mean.push_back(static_cast<float>(number / static_cast<double>(members.size())));
    }
    EXPECT_EQ(floats(average), mean) << name;
  }
}

double monitored(const TrainedRun& run, const std::string& set) {
  const Json summary = run.summary();
  return summary["sets"][set]["valid"][summary["monitor"].get<std::string>()];
}

TEST(WeightAverage, OfTheLastEpochsIsTheMeanOfTheirFiles) {
  Workbench bench;
  const TrainedRun run = bench.train(averaging_recipe("last", 5, false));
  EXPECT_THAT(averaged_epochs(run), ElementsAre(3, 4, 5));
  EXPECT_THAT(snapshot_epochs(run), ElementsAre(3, 4, 5));
  EXPECT_EQ(set_names(run), (Words{"average", "live"}));
  expect_mean_of_snapshots(run, {3, 4, 5});
  EXPECT_EQ(read_tensors(snapshots(run) / "epoch-5.safetensors"),
            read_tensors(run.weights("live")));
}

TEST(WeightAverage, OfTheBestEpochsIsTheMeanOfThoseWithTheLowestLoss) {
  Workbench bench;
  Json recipe = averaging_recipe("best", 6, false);
  recipe["trainer"]["monitor"] = "loss";
  recipe["optimizer"]["lr"] = 1.0;  // large, so that the loss does not only fall
  const TrainedRun run = bench.train(recipe);
  std::vector<std::pair<double, int>> losses;
  for (const Json& line : run.metrics()) {
    if (line["split"] == "valid" && line["weights"] == "live" && !line.contains("final")) {
      losses.emplace_back(line["loss"], line["epoch"]);
    }
  }
  ASSERT_EQ(losses.size(), 6U);
  std::sort(losses.begin(), losses.end());
  std::vector<int> best{losses[0].second, losses[1].second, losses[2].second};
  std::sort(best.begin(), best.end());
  EXPECT_EQ(averaged_epochs(run), best);
  EXPECT_EQ(snapshot_epochs(run), best);
  expect_mean_of_snapshots(run, best);
  EXPECT_EQ(monitored(run, "best"), losses[0].first);
}

TEST(WeightAverage, OfSwaIsTheMeanOfAllEpochsAfterTheStart) {
  Workbench bench;
  Json recipe = averaging_recipe("swa", 6, false);
  trick_options(recipe)["start"] = 0.5;
  const TrainedRun swa = bench.train(recipe);
  EXPECT_THAT(averaged_epochs(swa), ElementsAre(4, 5, 6));
  EXPECT_FALSE(std::filesystem::exists(snapshots(swa)));
  EXPECT_EQ(set_names(swa), (Words{"average", "live"}));
  const TrainedRun last = bench.train(averaging_recipe("last", 6, false));  // the last three
  EXPECT_EQ(file_bytes(swa.weights("average")), file_bytes(last.weights("average")));
}

TEST(WeightAverage, ThatIsGreedyKeepsWhatDoesNotMakeItWorse) {
  Workbench bench;
  Json recipe = averaging_recipe("greedy", 6, false);
  recipe["trainer"]["monitor"] = "loss";
  trick_options(recipe)["best"] = 6;
  recipe["optimizer"]["lr"] = 0.5;  // so that some epochs help and some do not
  const TrainedRun run = bench.train(recipe);
  const std::vector<int> chosen = averaged_epochs(run);
  EXPECT_EQ(snapshot_epochs(run).size(), 6U);
  EXPECT_THAT(chosen.size(), AllOf(Gt(1U), Lt(6U)));
  expect_mean_of_snapshots(run, chosen);
  EXPECT_EQ(average_facts(run)["reached"], monitored(run, "average"));
  EXPECT_LT(monitored(run, "average"), monitored(run, "best"));
}

TEST(WeightAverage, ThatIsGreedyChoosesByTheStatisticsOfTheFinalEvaluation) {
  Workbench bench;
  Json recipe = averaging_recipe("greedy", 4, true);
  recipe["trainer"]["monitor"] = "loss";
  const TrainedRun run = bench.train(recipe);
  EXPECT_EQ(average_facts(run)["reached"], monitored(run, "average"));
  trick_options(recipe)["refresh_bn"] = false;
  const TrainedRun averaged = bench.train(recipe);
  EXPECT_EQ(average_facts(averaged)["reached"], monitored(averaged, "average"));
  EXPECT_NE(average_facts(averaged)["reached"], average_facts(run)["reached"]);
}

TEST(WeightAverage, MayBeUsedTwiceUnderTwoNames) {
  Workbench bench;
  Json recipe = averaging_recipe("best", 3, true);
  recipe["tricks"].push_back({{"use", "weight_average"}, {"name", "soup"}, {"publish", "soup"}});
  EXPECT_EQ(set_names(bench.train(recipe)),
            (Words{"average", "best", "live", "soup", "soup_best"}));
}

TEST(WeightAverage, LosesNothingWhenAnotherTakesItsNameAtTheEnd) {
  Workbench bench;
  Json recipe = averaging_recipe("best", 3, true);
  recipe["tricks"].push_back({{"use", "weight_average"}, {"name", "again"}, {"select", "last"}});
  const TrainedRun run = bench.train(recipe);
  EXPECT_EQ(set_names(run), (Words{"average", "average_2", "best", "live"}));
  EXPECT_THAT(file_bytes(run.folder / "log.txt"),
              HasSubstr("weight set `average` is already taken, so this one becomes `average_2`"));
}

TEST(WeightAverage, RefusesNamesThatAreTakenOrUnknown) {
  Workbench bench;
  Json recipe = averaging_recipe("best", 3, true);
  trick_options(recipe)["of"] = "emaa";
  recipe["tricks"].push_back({{"use", "ema"}});
  EXPECT_THAT(bench.failure(recipe, kRecipe),
              AllOf(HasSubstr("epoch_begin: no weight set is called `emaa`; "),
                    HasSubstr("; there are `live`, `ema`; did you mean `ema`?\n")));
  trick_options(recipe)["of"] = "ema";
  EXPECT_THAT(averaged_epochs(bench.train(recipe)), ElementsAre(1, 2, 3));

  trick_options(recipe).erase("of");
  const std::string taken =
      "which is already taken by another weight set; give one of the two another name";
  for (const char* name : {"average", "best"}) {
    recipe["tricks"][1]["publish"] = name;
    const std::string expected = std::string("needs the name `") + name + "`, " + taken;
    EXPECT_THAT(bench.failure(recipe, kRecipe), AllOf(HasSubstr("epoch_end"), HasSubstr(expected)));
    Json reversed = recipe;
    std::swap(reversed["tricks"][0], reversed["tricks"][1]);
    EXPECT_THAT(bench.failure(reversed, kRecipe),
                AllOf(HasSubstr("fit_begin"), HasSubstr(expected)));
  }
  recipe["tricks"].erase(1);
  trick_options(recipe)["publish"] = "live";
  EXPECT_THAT(bench.failure(recipe, kRecipe), HasSubstr("found `live`"));
}

TEST(PreciseBn, EstimatesInEveryKthEpochAndAfterTheFit) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["trainer"]["epochs"] = 4;
  const auto losses = [](const TrainedRun& run) {
    std::vector<double> losses;
    for (const Json& line : run.metrics()) {
      if (line["split"] == "valid") losses.push_back(line["loss"]);
    }
    return losses;  // the last is that of the final evaluation
  };
  const std::vector<double> plain = losses(bench.train(recipe));
  recipe["tricks"] = {{{"use", "precise_bn"}, {"samples", 200}}};
  const TrainedRun always = bench.train(recipe);
  const std::vector<double> estimated = losses(always);
  trick_options(recipe)["every"] = 2;
  const TrainedRun sometimes = bench.train(recipe);
  EXPECT_EQ(losses(sometimes),
            (std::vector<double>{estimated[0], plain[1], estimated[2], plain[3], estimated[4]}));
  for (std::size_t i = 0; i < plain.size(); ++i) EXPECT_NE(plain[i], estimated[i]);
  const std::string warning = "not comparable; weight_average then chooses among unlike numbers";
  EXPECT_THAT(file_bytes(sometimes.folder / "log.txt"), HasSubstr(warning));
  EXPECT_THAT(file_bytes(always.folder / "log.txt"), Not(HasSubstr(warning)));

  recipe["tricks"][0]["sets"] = {"live", "emma"};
  EXPECT_THAT(file_bytes(bench.train(recipe).folder / "log.txt"),
              HasSubstr("option \"sets\": nobody publishes a weight set `emma`\n"));
}

}  // namespace
}  // namespace knack::testing
