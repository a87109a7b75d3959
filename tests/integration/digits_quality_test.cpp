// SPDX-License-Identifier: MIT
// What configs/digits.json promises, for five seeds.
#include <gtest/gtest.h>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

TEST(Digits, ReachThePromisedAccuracyForEachOfFiveSeeds) {
  const Workbench bench;
  constexpr int kSeeds = 5;
  double sum = 0;
  for (int seed = 1; seed <= kSeeds; ++seed) {
    const std::string folder = "seed" + std::to_string(seed);
    const ProcessResult result =
        bench.knack({"train", KNACK_SOURCE_DIR "/configs/digits.json", "--run-dir", folder,
                     "--quiet", "--set", "trainer.seed=" + std::to_string(seed)});
    ASSERT_EQ(result.exit_code, 0) << result.standard_error;
    const Json summary = TrainedRun{bench.path() / folder, result}.summary();
    const double top1 = summary["sets"][summary["chosen"].get<std::string>()]["test"]["top1"];
    RecordProperty(folder, std::to_string(top1));
    EXPECT_GE(top1, 0.975) << folder;
    sum += top1;
  }
  EXPECT_GE(sum / kSeeds, 0.98);
}

}  // namespace
}  // namespace knack::testing
