// SPDX-License-Identifier: MIT
#include "host/ablate/plan.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "host/common/error.hpp"

namespace knack::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Json recipe_with(const std::vector<std::string>& tricks) {
  Json recipe = {{"name", "small"}, {"tricks", Json::array()}};
  for (const std::string& name : tricks) {
    recipe["tricks"].push_back({{"use", "some"}, {"name", name}});
  }
  return recipe;
}

std::vector<std::string> names_of(const Plan& plan) {
  std::vector<std::string> names;
  for (const Condition& condition : plan.conditions) names.push_back(condition.name);
  return names;
}

/// "without a: all", "only a: none"
std::vector<std::string> comparisons_of(const Plan& plan) {
  std::vector<std::string> texts;
  for (const Comparison& comparison : plan.comparisons) {
    texts.push_back(comparison.trick + (comparison.adds ? " +: " : " -: ") +
                    plan.conditions[comparison.condition].name + " to " +
                    plan.conditions[comparison.base].name);
  }
  return texts;
}

TEST(AblationPlan, LeavesOutOneTrickAtATime) {
  const Plan plan = make_plan(recipe_with({"a", "b", "c"}), {"a", "b", "c"}, false);
  EXPECT_THAT(names_of(plan), ElementsAre("all", "without a", "without b", "without c"));
  EXPECT_THAT(comparisons_of(plan), ElementsAre("a -: without a to all", "b -: without b to all",
                                                "c -: without c to all"));
  EXPECT_THAT(plan.conditions[2].tricks, ElementsAre("a", "c"));
  EXPECT_EQ(plan.conditions[2].recipe, recipe_with({"a", "c"}));
  EXPECT_EQ(plan.conditions[2].folder(), "without-b");
}

TEST(AblationPlan, AddsOneTrickAtATimeToNone) {
  const Plan plan = make_plan(recipe_with({"a", "b", "c"}), {"a", "b", "c"}, true);
  EXPECT_THAT(names_of(plan), ElementsAre("all", "without a", "without b", "without c", "none",
                                          "only a", "only b", "only c"));
  EXPECT_THAT(comparisons_of(plan),
              ElementsAre("a -: without a to all", "b -: without b to all", "c -: without c to all",
                          "a +: only a to none", "b +: only b to none", "c +: only c to none",
                          "all tricks +: all to none"));
}

TEST(AblationPlan, TrainsNoSetOfTricksTwice) {
  const Plan two = make_plan(recipe_with({"a", "b"}), {"a", "b"}, true);
  EXPECT_THAT(names_of(two), ElementsAre("all", "without a", "without b", "none"));
  EXPECT_THAT(comparisons_of(two), ElementsAre("a -: without a to all", "b -: without b to all",
                                               "a +: without b to none", "b +: without a to none",
                                               "all tricks +: all to none"));
  const Plan one = make_plan(recipe_with({"a"}), {"a"}, true);
  EXPECT_THAT(names_of(one), ElementsAre("all", "without a"));
  EXPECT_THAT(comparisons_of(one), ElementsAre("a -: without a to all"));
}

TEST(AblationPlan, KeepsTheTricksThatAreNotLookedAt) {
  const Plan plan = make_plan(recipe_with({"a", "b", "c", "d"}), {"b", "d"}, true);
  EXPECT_THAT(names_of(plan), ElementsAre("all", "without b", "without d", "without b+d"));
  EXPECT_THAT(plan.conditions[3].tricks, ElementsAre("a", "c"));
  EXPECT_EQ(plan.conditions[3].folder(), "without-b+d");
}

TEST(AblationPlan, TakesTricksByNameInTheOrderOfTheRecipe) {
  EXPECT_THAT(chosen_tricks("c,a", {"a", "b", "c"}), ElementsAre("a", "c"));
  EXPECT_THAT(chosen_tricks("", {"a", "b"}), ElementsAre("a", "b"));
  try {
    chosen_tricks("precise", {"ema", "precise_bn"});
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), HasSubstr("`precise`"));
    EXPECT_THAT(error.what(), HasSubstr("`ema`, `precise_bn`"));
  }
}

TEST(AblationPlan, TakesANumberOfSeedsOrAList) {
  EXPECT_THAT(chosen_seeds("3", 7), ElementsAre(7, 8, 9));
  EXPECT_THAT(chosen_seeds("4,0,12", 7), ElementsAre(4, 0, 12));
}

TEST(AblationPlan, RefusesSeedsThatSayNothing) {
  for (const char* text : {"1", "0", "", "3,3", "1,", "1,x", "-2", "2.5", "1,-1", "1e3"}) {
    SCOPED_TRACE(text);
    try {
      chosen_seeds(text, 1);
      ADD_FAILURE() << "taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      EXPECT_THAT(error.what(), HasSubstr("--seeds"));
    }
  }
}

TEST(AblationPlan, RefusesSeedsBeyond64Bits) {
  const std::int64_t last = std::numeric_limits<std::int64_t>::max();
  EXPECT_THAT(chosen_seeds("2", last - 1), ElementsAre(last - 1, last));
  EXPECT_THROW(chosen_seeds("3", last - 1), Error);
  EXPECT_THROW(chosen_seeds("10001", 1), Error);
}

TEST(AblationPlan, SaysWhatWasFoundBesideWhatWasExpected) {
  try {
    chosen_seeds("1; 2", 1);
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.diagnostics().front().sentence, HasSubstr("found `1; 2`"));
    EXPECT_THAT(error.diagnostics().front().helps, testing::IsEmpty());
  }
}

}  // namespace
}  // namespace knack::host
