// SPDX-License-Identifier: MIT
#include "host/ui/progress.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <string>

#include "host/ui/color.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

/// The line that stands on standard error, which is no terminal.
std::string line_of(const std::function<void(Progress&)>& use) {
  unsetenv("CLICOLOR_FORCE");
  ::testing::internal::CaptureStderr();
  {
    Console console(false);
    Progress progress(console, 0.0);
    use(progress);
  }
  return ::testing::internal::GetCapturedStderr();
}

TEST(Progress, ShowsTheMetricOnceThereIsOne) {
  const ProgressState state{3, 20, 50, 380, 3200, 0.52681};
  EXPECT_TRUE(line_of([&](Progress& progress) {
                progress.show(state);
              }).starts_with("epoch 3/20  step 50/380  train loss 0.5268  "));
  const std::string line = line_of([&](Progress& progress) {
    progress.note_metric("loss", "ema", 0.97, 0.48);
    progress.show(state);
  });
  EXPECT_TRUE(
      line.starts_with("epoch 3/20  step 50/380  train loss 0.5268  valid loss 0.9700 (ema)  "
                       "best 0.4800  "))
      << line;
}

TEST(Progress, KnowsNoTimeLeftBeforeAStepOfThisProcess) {
  const std::string line = line_of([](Progress& progress) {
    progress.begin(50, 3200);
    progress.show({3, 20, 50, 380, 3200, 0.5});
  });
  EXPECT_TRUE(line.ends_with("0 samples/s  ETA -\n")) << line;
}

TEST(Progress, CountsTheBatchesOfAnEvaluation) {
  const std::string line = line_of([](Progress& progress) {
    progress.begin_evaluation("live", 2);
    progress.evaluated_batch();
    progress.evaluated_batch();
  });
  EXPECT_EQ(line, "evaluating live  batch 1/2\nevaluating live  batch 2/2\n");
}

TEST(VisibleWidth, CountsCharactersAndNoColours) {
  EXPECT_EQ(visible_width("abc"), 3U);
  EXPECT_EQ(visible_width(painted("abc", Paint::red, true)), 3U);
  EXPECT_EQ(visible_width("\xC3\xA9t\xC3\xA9"), 3U);  // two letters of two bytes
}

TEST(TableRow, AlignsColouredCells) {
  EXPECT_EQ(table_row({"a", "bc"}, {"", ""}, 3), "  a   bc");
  EXPECT_EQ(table_row({"a", painted("bc", Paint::green, true)}, {"", ""}, 3),
            "  a   \x1b[32mbc\x1b[0m");
}

TEST(Color, FollowsTheOptionThenTheEnvironment) {
  constexpr int kNoTerminal = 99;  // not open
  unsetenv("NO_COLOR");
  setenv("CLICOLOR_FORCE", "1", 1);
  EXPECT_TRUE(has_color(kNoTerminal));
  setenv("CLICOLOR_FORCE", "0", 1);
  EXPECT_FALSE(has_color(kNoTerminal));
  choose_color(ColorChoice::always);
  setenv("NO_COLOR", "1", 1);
  EXPECT_TRUE(has_color(kNoTerminal));
  setenv("CLICOLOR_FORCE", "1", 1);
  choose_color(ColorChoice::automatic);
  EXPECT_FALSE(has_color(kNoTerminal));
  choose_color(ColorChoice::never);
  unsetenv("NO_COLOR");
  EXPECT_FALSE(has_color(kNoTerminal));
  choose_color(ColorChoice::automatic);
  unsetenv("CLICOLOR_FORCE");
}

}  // namespace
}  // namespace knack::host
