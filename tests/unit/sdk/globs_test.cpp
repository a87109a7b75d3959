// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <knack/sdk/globs.hpp>

namespace knack {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Globs, AStarCrossesDots) {
  Globs globs({"layer1.*.weight"});
  EXPECT_NE(globs.match("layer1.0.conv1.weight"), nullptr);
  EXPECT_EQ(globs.match("layer2.0.conv1.weight"), nullptr);
  EXPECT_EQ(globs.match("layer1.0.conv1.bias"), nullptr);
}

TEST(Globs, MatchTheWholeName) {
  Globs globs({"fc"});
  EXPECT_NE(globs.match("fc"), nullptr);
  EXPECT_EQ(globs.match("fc.weight"), nullptr);
}

TEST(Globs, TellWhichPatternFitsFirst) {
  Globs globs({"*.bias", "fc.*"});
  EXPECT_EQ(*globs.match("fc.bias"), "*.bias");
  EXPECT_EQ(*globs.match("fc.weight"), "fc.*");
}

TEST(Globs, TellWhichPatternsFittedNothing) {
  Globs globs({"fc.*", "head.*"});
  EXPECT_THAT(globs.unused(), ElementsAre("fc.*", "head.*"));
  globs.match("fc.weight");
  EXPECT_THAT(globs.unused(), ElementsAre("head.*"));
  globs.match("head.bias");
  EXPECT_THAT(globs.unused(), IsEmpty());
}

}  // namespace
}  // namespace knack
