// SPDX-License-Identifier: MIT
// `knack explain`: who acts when, on what, and why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

std::string explain(const Workbench& bench, const Json& recipe) {
  const ProcessResult result =
      bench.knack({"explain", bench.write("recipe.json", recipe).string(), "--quiet"});
  EXPECT_EQ(result.exit_code, 0) << result.standard_error;
  return result.standard_output;
}

TEST(Explain, ShowsHooksInOrderGroupsWithReasonsAndWeightSets) {
  const Workbench bench;
  const std::string text = explain(bench, five_trick_recipe());
  EXPECT_THAT(text, ContainsRegex("small: mlp, 2474 parameters; .*; cpu, fp32, [0-9]+ thread"));
  EXPECT_THAT(text, ContainsRegex("\nfit_begin +no_weight_decay, accumulate, ema"));
  EXPECT_THAT(text, ContainsRegex("\nwindow_begin +accumulate\n"));
  EXPECT_THAT(text, ContainsRegex("\nafter_step +ema\n"));
  EXPECT_THAT(text, ContainsRegex("\neval_begin +precise_bn"));
  EXPECT_THAT(text, ContainsRegex("\nlayers.0.weight +weight +Linear +0 +- +2048\n"));
  EXPECT_THAT(text, ContainsRegex("\nlayers.1.weight +norm_scale +BatchNorm1d +1 +weight_decay = 0 "
                                  "\\(no_weight_decay: role norm_scale\\) +32\n"));
  EXPECT_THAT(text, HasSubstr("2474 trained parameters in 2 group(s)\n"));
  EXPECT_THAT(text, ContainsRegex("\nlive +the host\nema +ema\n"));
}

TEST(Explain, TrainsNothing) {
  const Workbench bench;
  explain(bench, five_trick_recipe());
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(bench.path())) {
    files.push_back(entry.path().filename());
  }
  EXPECT_EQ(files, std::vector<std::string>{"recipe.json"});
}

Json two_averages(const char* first, const char* second) {
  Json recipe = small_recipe();
  for (const char* name : {first, second}) {
    recipe["tricks"].push_back({{"use", "ema"}, {"name", name}, {"publish", name}});
  }
  return recipe;
}

TEST(Explain, KeepsTheRecipesOrderAndReversesItWhereHooksClose) {
  const Workbench bench;
  const std::string text = explain(bench, two_averages("one", "two"));
  EXPECT_THAT(text, ContainsRegex("\nfit_begin +one, two\n"));
  EXPECT_THAT(text, ContainsRegex("\nafter_step +two, one\n"));
  const std::string swapped = explain(bench, two_averages("two", "one"));
  EXPECT_THAT(swapped, ContainsRegex("\nfit_begin +two, one\n"));
  EXPECT_THAT(swapped, ContainsRegex("\nafter_step +one, two\n"));
}

TEST(Explain, LetsAPluginsOwnOrderWinOverTheRecipes) {
  const Workbench bench;
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "acts_last"}}, {{"use", "acts_first"}}};
  recipe["plugins"]["path"] = {KNACK_PLUGIN_FIXTURES "/ordered_tricks"};
  EXPECT_THAT(explain(bench, recipe), ContainsRegex("\nbatch +acts_first, acts_last\n"));
}

}  // namespace
}  // namespace knack::testing
