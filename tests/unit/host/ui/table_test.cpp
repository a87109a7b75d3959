// SPDX-License-Identifier: MIT
#include "host/ui/table.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace knack::host {
namespace {

TEST(NumberText, HasFourDecimalsAndADashForNaN) {
  EXPECT_EQ(number_text(0.98765), "0.9877");
  EXPECT_EQ(number_text(std::numeric_limits<double>::quiet_NaN()), "-");
}

TEST(NumberText, OfALargeNumberIsShort) {
  EXPECT_EQ(number_text(99999), "99999.0000");
  EXPECT_EQ(number_text(123456), "1.235e+05");
  EXPECT_EQ(number_text(-1e308), "-1e+308");
  EXPECT_EQ(number_text(std::numeric_limits<double>::infinity()), "inf");
}

TEST(ShortNumberText, HasNoMoreDigitsThanItNeeds) {
  EXPECT_EQ(short_number_text(0.0), "0");
  EXPECT_EQ(short_number_text(0.0005), "0.0005");
  EXPECT_EQ(short_number_text(1e-8), "1e-08");
  EXPECT_EQ(short_number_text(0.1 + 0.2), "0.3");
}

TEST(DurationText, GrowsFromSecondsToHours) {
  EXPECT_EQ(duration_text(0.04), "0.0 s");
  EXPECT_EQ(duration_text(9.26), "9.3 s");
  EXPECT_EQ(duration_text(125), "2:05");
  EXPECT_EQ(duration_text(3725), "1:02:05");
}

TEST(TableLines, AlignsColumnsAndLeavesNoSpaceAtTheEnd) {
  EXPECT_EQ(table_lines({{"set", "loss"}, {"live", "0.5"}, {"ema", ""}}),
            (std::vector<std::string>{"set   loss", "live   0.5", "ema"}));
}

TEST(TableLines, CountsCharactersAndNotBytes) {
  EXPECT_EQ(table_lines({{"\u00e9", "\u00e9\u00e9"}, {"ab", "c"}}),
            (std::vector<std::string>{"\u00e9   \u00e9\u00e9", "ab   c"}));
}

TEST(TableLines, LeavesNothingToCommandTheTerminal) {
  EXPECT_EQ(table_lines({{"a\x1b[31mRED\r\n", "\x07"}, {"b", "c"}}),
            (std::vector<std::string>{"a [31mRED", "b            c"}));
}

TEST(TableRow, PadsEveryCellToOneWidth) {
  EXPECT_EQ(table_row({"1", "22"}, {"a", "b"}, 4), "   1    22");
}

TEST(TableRow, PadsACellToItsHeadingWhenThatIsWider) {
  const std::vector<std::string> headings = {"step", "lookahead loss", "lookahead top1"};
  EXPECT_EQ(table_row(headings, headings, 4), "step  lookahead loss  lookahead top1");
  EXPECT_EQ(table_row({"7", "0.5", "0.9"}, headings, 4), "   7             0.5             0.9");
}

}  // namespace
}  // namespace knack::host
