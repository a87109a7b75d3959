// SPDX-License-Identifier: MIT
#include "host/train/trick_order.hpp"

#include <gtest/gtest.h>

#include "tests/support/error_message.hpp"

namespace knack::host {
namespace {

using Order = std::vector<std::size_t>;

TEST(TrickOrder, IsTheRecipesWhenNothingIsDeclared) {
  EXPECT_EQ(trick_order({{"c", "c", {}, {}}, {"a", "a", {}, {}}, {"b", "b", {}, {}}}),
            (Order{0, 1, 2}));
}

TEST(TrickOrder, HonoursBeforeAndAfterAndOtherwiseKeepsTheRecipesOrder) {
  EXPECT_EQ(trick_order({{"a", "a", {}, {"c"}}, {"b", "b", {}, {}}, {"c", "c", {}, {}}}),
            (Order{1, 2, 0}));
  EXPECT_EQ(trick_order({{"a", "a", {}, {}}, {"b", "b", {}, {}}, {"c", "c", {"a"}, {}}}),
            (Order{1, 2, 0}));
}

TEST(TrickOrder, AppliesConstraintsToEveryInstanceOfAnId) {
  EXPECT_EQ(
      trick_order({{"x", "x", {}, {"ema"}}, {"slow", "ema", {}, {}}, {"fast", "ema", {}, {}}}),
      (Order{1, 2, 0}));
}

TEST(TrickOrder, IgnoresIdsThatTheRecipeDoesNotUse) {
  EXPECT_EQ(trick_order({{"a", "a", {"zzz"}, {"yyy"}}}), (Order{0}));
}

TEST(TrickOrder, NamesTheTricksOfACycle) {
  EXPECT_EQ(
      testing::error_message(
          ExitCode::plugin,
          [] {
            trick_order({{"free", "free", {}, {}}, {"a", "a", {"b"}, {}}, {"b", "b", {"a"}, {}}});
          }),
      "tricks: no order satisfies the `before` and `after` of `a`, `b`, which form a cycle; "
      "leave one of them out");
}

}  // namespace
}  // namespace knack::host
