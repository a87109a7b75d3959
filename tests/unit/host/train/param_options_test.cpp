// SPDX-License-Identifier: MIT
#include "host/train/param_options.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/error_message.hpp"

namespace knack::host {
namespace {

std::vector<ModelTensor> parameters() {
  std::vector<ModelTensor> parameters;
  for (const char* name : {"a", "b", "c", "frozen"}) {
    at::Tensor tensor = at::zeros({2});
    tensor.requires_grad_(std::string(name) != "frozen");
    parameters.push_back({name, "weight", "Linear", false, true, tensor});
  }
  return parameters;
}

TEST(ParamOptions, PutsParametersWithEqualOptionsIntoOneGroupAndLeavesFrozenOnesOut) {
  const auto all = parameters();
  ParamOptions options(all);
  options.set("decay", 0, "weight_decay", 0.0, "role bias");
  options.set("decay", 2, "weight_decay", 0.0, "role bias");
  options.set("decay", 3, "weight_decay", 0.0, "role bias");
  const auto groups = options.make_groups();
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].parameters, (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(groups[0].options.at("weight_decay"), 0.0);
  EXPECT_EQ(groups[1].parameters, (std::vector<std::size_t>{1}));
  EXPECT_TRUE(groups[1].options.empty());
  EXPECT_EQ(options.of(0).at("weight_decay").reason, "role bias");
}

TEST(ParamOptions, LetsTricksThatDecideAboutDifferentOptionsCompose) {
  const auto all = parameters();
  ParamOptions options(all);
  options.set("decay", 0, "weight_decay", 0.0, "");
  options.set("layers", 0, "lr", 0.1, "");
  options.set("layers", 1, "lr", 0.1, "");
  EXPECT_EQ(options.make_groups().size(), 3U);
}

TEST(ParamOptions, NamesBothTricksThatDisagree) {
  const auto all = parameters();
  ParamOptions options(all);
  options.set("one", 1, "lr", 0.5, "");
  options.set("two", 1, "lr", 0.5, "");  // agreeing is fine
  EXPECT_EQ(
      testing::error_message(ExitCode::recipe, [&] { options.set("three", 1, "lr", 0.25, ""); }),
      "option `lr` of parameter `b`: `two` sets 0.500000 and `three` sets 0.250000; exclude "
      "the parameter from one of the two tricks");
}

TEST(ParamOptions, RefusesOptionsAfterTheGroupsWereMade) {
  const auto all = parameters();
  ParamOptions options(all);
  options.make_groups();
  testing::error_message(ExitCode::training, [&] { options.set("late", 0, "lr", 0.1, ""); });
}

}  // namespace
}  // namespace knack::host
