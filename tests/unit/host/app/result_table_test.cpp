// SPDX-License-Identifier: MIT
#include "host/app/result_table.hpp"

#include <gtest/gtest.h>

namespace knack::host {
namespace {

using Rows = std::vector<std::vector<std::string>>;

TEST(ResultTable, HasTheMetricsOfBothSplitsAndMarksTheChosenSet) {
  const FitResult result = {{{"live", {{"loss", 0.5}, {"top1", 0.75}}, {{"loss", 1.0}}},
                             {"ema", {{"loss", 0.25}, {"top1", 0.875}}, {{"loss", 2.0}}}},
                            "ema",
                            ""};
  EXPECT_EQ(result_table(result), (Rows{{"weights", "valid loss", "valid top1", "test loss"},
                                        {"live", "0.5000", "0.7500", "1.0000"},
                                        {"ema *", "0.2500", "0.8750", "2.0000"}}));
}

TEST(ResultTable, ShowsADashForAMetricThatASetLacks) {
  const FitResult result = {
      {{"live", {{"loss", 0.5}}, {}}, {"ema", {{"top1", 0.75}}, {{"loss", 1.0}}}}, "live", ""};
  EXPECT_EQ(result_table(result), (Rows{{"weights", "valid loss", "valid top1", "test loss"},
                                        {"live *", "0.5000", "-", "-"},
                                        {"ema", "-", "0.7500", "1.0000"}}));
}

TEST(ResultTable, HasNoColumnsWithoutMetrics) {
  EXPECT_EQ(result_table({{{"live", {}, {}}}, "live", ""}), (Rows{{"weights"}, {"live *"}}));
}

}  // namespace
}  // namespace knack::host
