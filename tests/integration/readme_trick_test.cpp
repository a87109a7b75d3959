// SPDX-License-Identifier: MIT
// The trick of the README.
#include <gtest/gtest.h>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

TrainedRun train_with_lookahead(Workbench& bench, int every) {
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "acme.lookahead"}, {"every", every}}};
  return bench.train(recipe, {"--plugin-path", KNACK_EXAMPLES});
}

TEST(TheReadmesTrick, PullsTheLiveWeightsOntoTheSetItPublishes) {
  Workbench bench;
  const TrainedRun run = train_with_lookahead(bench, 1);
  const auto live = read_tensors(run.weights("live"));
  const auto slow = read_tensors(run.weights("lookahead"));
  EXPECT_EQ(live, slow);
}

TEST(TheReadmesTrick, LeavesTrainingAloneUntilItLooks) {
  Workbench bench;
  const TrainedRun looking = train_with_lookahead(bench, 2);
  const TrainedRun waiting = train_with_lookahead(bench, 1'000'000);
  const TrainedRun without = bench.train(small_recipe());
  EXPECT_EQ(read_tensors(waiting.weights("live")), read_tensors(without.weights("live")));
  EXPECT_NE(read_tensors(looking.weights("live")), read_tensors(without.weights("live")));
}

}  // namespace
}  // namespace knack::testing
