// SPDX-License-Identifier: MIT
#include "host/common/nearest_name.hpp"

#include <gtest/gtest.h>

namespace knack::host {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsSubstitutionsAndSwaps) {
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("decay", "decay"), 0u);
  EXPECT_EQ(edit_distance("dcay", "decay"), 1u);
  EXPECT_EQ(edit_distance("deacy", "decay"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("ca", "abc"), 3u);  // 2 if a substring could be edited twice
}

TEST(NearestName, FindsTheNearestAndTheFirstOfEquals) {
  EXPECT_EQ(nearest_name("dcay", {"every", "decay", "delay"}), "decay");
  EXPECT_EQ(nearest_name("elay", {"relay", "delay"}), "relay");
}

TEST(NearestName, IgnoresCaseAndDashes) {
  EXPECT_EQ(nearest_name("gpu", {"auto", "cpu", "cuda"}), std::nullopt);
  EXPECT_EQ(nearest_name("cpi", {"auto", "cpu", "cuda"}), "cpu");
  EXPECT_EQ(nearest_name("Batch-Size", {"batch", "batch_size"}), "batch_size");
}

TEST(NearestName, IsSilentWhenNothingIsClose) {
  EXPECT_EQ(nearest_name("momentum", {"decay", "every"}), std::nullopt);
  EXPECT_EQ(nearest_name("decay", {}), std::nullopt);
  EXPECT_EQ(nearest_name("", {"a"}), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(100'000, 'x'), {"decay"}), std::nullopt);
}

}  // namespace
}  // namespace knack::host
