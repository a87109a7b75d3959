// SPDX-License-Identifier: MIT
#include "host/train/evaluation.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace knack::host {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(IsBetter, FollowsTheDirection) {
  EXPECT_TRUE(is_better(2, 1, true));
  EXPECT_FALSE(is_better(1, 2, true));
  EXPECT_TRUE(is_better(1, 2, false));
  EXPECT_FALSE(is_better(2, 1, false));
}

TEST(IsBetter, DoesNotHoldForEqualValues) {
  EXPECT_FALSE(is_better(1, 1, true));
  EXPECT_FALSE(is_better(1, 1, false));
}

TEST(IsBetter, PrefersAnyNumberToNaNAndNeverNaN) {
  EXPECT_TRUE(is_better(-1e30, kNaN, true));
  EXPECT_TRUE(is_better(1e30, kNaN, false));
  EXPECT_FALSE(is_better(kNaN, 0, true));
  EXPECT_FALSE(is_better(kNaN, kNaN, true));
}

}  // namespace
}  // namespace knack::host
