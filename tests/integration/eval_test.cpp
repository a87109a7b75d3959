// SPDX-License-Identifier: MIT
// `knack eval` on the run folders of `knack train`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <sstream>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kUsage = 2;
constexpr int kData = 5;

std::string four_decimals(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", number);
  return text;
}

/// The cells of the two lines that `eval` prints.
std::vector<Words> cells(const std::string& table) {
  std::vector<Words> rows;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    Words& row = rows.emplace_back();
    for (std::string word; words >> word;) row.push_back(word);
  }
  return rows;
}

TEST(Eval, PrintsTheNumbersOfTheSummaryForEverySetAndSplit) {
  Workbench bench;
  const TrainedRun run = bench.train(five_trick_recipe());
  const Json summary = run.summary();
  for (const std::string& set : set_names(run)) {
    for (const char* split : {"valid", "test"}) {
      SCOPED_TRACE(set + " " + split);
      const ProcessResult eval =
          bench.knack({"eval", run.folder.string(), "--weights", set, "--split", split});
      ASSERT_EQ(eval.exit_code, 0) << eval.standard_error;
      Words names = {"weights", "split"};
      Words numbers = {set, split};
      for (const auto& [name, value] : summary["sets"][set][split].items()) {
        names.push_back(name);
        numbers.push_back(four_decimals(value));
      }
      EXPECT_EQ(cells(eval.standard_output), (std::vector<Words>{names, numbers}));
    }
  }
}

TEST(Eval, TakesTheChosenSetUnlessToldOtherwise) {
  Workbench bench;
  const TrainedRun run = bench.train(five_trick_recipe());
  const Json summary = run.summary();
  const ProcessResult eval = bench.knack({"eval", run.folder.string()});
  ASSERT_EQ(eval.exit_code, 0) << eval.standard_error;
  const Json valid = summary["sets"][summary["chosen"].get<std::string>()]["valid"];
  EXPECT_THAT(eval.standard_output, HasSubstr(four_decimals(valid["loss"])));
}

TEST(Eval, NamesASetThatTheRunDoesNotHave) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "ema"}}};
  const TrainedRun run = bench.train(recipe);
  const ProcessResult eval = bench.knack({"eval", run.folder.string(), "--weights", "emma"});
  EXPECT_EQ(eval.exit_code, kData) << eval.standard_error;
  EXPECT_THAT(eval.standard_error,
              AllOf(HasSubstr("--weights `emma`: expected a weight set of `" + run.folder.string() +
                              "`, which has `ema`, `live`, `model`\n"),
                    HasSubstr("did you mean `ema`?\n")));
  for (const char* path : {"../final/live", "live.safetensors"}) {
    EXPECT_EQ(bench.knack({"eval", run.folder.string(), "--weights", path}).exit_code, kData)
        << path;
  }
}

TEST(Eval, NeedsARunFolder) {
  const Workbench bench;
  const ProcessResult eval = bench.knack({"eval", "nowhere"});
  EXPECT_EQ(eval.exit_code, kData);
  EXPECT_THAT(
      eval.standard_error,
      AllOf(HasSubstr("nowhere"), HasSubstr("expected a run folder, found no such folder\n")));
}

TEST(Eval, SaysThatTheRecipeHasNoTestData) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["data"].erase("test");
  const TrainedRun run = bench.train(recipe);
  const ProcessResult eval = bench.knack({"eval", run.folder.string(), "--split", "test"});
  EXPECT_EQ(eval.exit_code, kUsage);
  EXPECT_THAT(eval.standard_error, HasSubstr("has no data.test\n"));
}

}  // namespace
}  // namespace knack::testing
