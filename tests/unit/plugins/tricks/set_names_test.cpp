// SPDX-License-Identifier: MIT
#include "plugins/tricks/weight_average/set_names.hpp"

#include <gtest/gtest.h>

namespace weight_average {
namespace {

TEST(WeightAverageSetNames, GiveEachAverageABestOfItsOwn) {
  EXPECT_EQ(name_of_best("average"), "best");
  EXPECT_EQ(name_of_best("swa"), "swa_best");
}

TEST(WeightAverageSetNames, ArePlainFileNamesThatTheHostDoesNotUse) {
  for (const char* name : {"average", "a", "Soup-2.1_x"}) EXPECT_TRUE(is_publishable(name)) << name;
  for (const char* name : {"", "live", "model", ".hidden", "a/b", "a b", "\xc3\xa4"}) {
    EXPECT_FALSE(is_publishable(name)) << name;
  }
  EXPECT_TRUE(is_publishable(std::string(59, 'a')));
  EXPECT_FALSE(is_publishable(std::string(60, 'a')));
}

}  // namespace
}  // namespace weight_average
