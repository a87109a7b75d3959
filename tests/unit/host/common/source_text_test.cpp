// SPDX-License-Identifier: MIT
#include "host/common/source_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace knack::host {
namespace {

using namespace std::string_literals;

/// The bytes of a place that are marked.
std::string marked(const SourcePlace& place) {
  return place.text.substr(place.begin, place.end - place.begin);
}

TEST(SourceText, MarksTheTokenThatBeginsAtAPosition) {
  const SourceText text("{\n  \"a \\\" b\": -1.5e3, \"c\": true,\r\n  \"d\": [1]\n}");
  EXPECT_EQ(marked(text.place("r.json", {2, 3})), "\"a \\\" b\"");
  EXPECT_EQ(marked(text.place("r.json", {2, 13})), "-1.5e3");
  EXPECT_EQ(marked(text.place("r.json", {2, 26})), "true");
  EXPECT_EQ(marked(text.place("r.json", {3, 8})), "[");
  EXPECT_EQ(text.place("r.json", {2, 26}).text, "  \"a \\\" b\": -1.5e3, \"c\": true,");
  EXPECT_EQ(text.place("r.json", {2, 26}).name(), "r.json:2:26");
}

TEST(SourceText, CountsCodePointsAndLeavesOutAByteOrderMark) {
  const SourceText text("\xEF\xBB\xBF{\"h\xC3\xB6he\": 1, \"\xE6\x97\xA5\": 2}");
  EXPECT_EQ(marked(text.place("r.json", {1, 2})), "\"h\xC3\xB6he\"");
  EXPECT_EQ(marked(text.place("r.json", {1, 18})), "2");
  EXPECT_EQ(text.place("r.json", {1, 1}).begin, 0u);
}

TEST(SourceText, MarksAsMuchAsItIsTold) {
  const SourceText text("--set trainer.epochs=a b");
  EXPECT_EQ(marked(text.place("--set", {1, 22, 3})), "a b");
  EXPECT_EQ(marked(text.place("--set", {1, 22, 99})), "a b");
}

TEST(SourceText, CutsALongLineAroundTheMark) {
  const SourceText text(std::string(1 << 20, ' ') + "\"key\": 1" + std::string(1 << 20, ' '));
  const SourcePlace place = text.place("r.json", {1, (1 << 20) + 1});
  EXPECT_EQ(marked(place), "\"key\"");
  EXPECT_LT(place.text.size(), 120u);
  EXPECT_TRUE(place.text.starts_with("... "));
  EXPECT_TRUE(place.text.ends_with(" ..."));
}

TEST(SourceText, CutsATokenThatIsLongerThanWhatIsShown) {
  const SourcePlace place = SourceText('"' + std::string(5000, 'x') + '"').place("r.json", {1, 1});
  EXPECT_EQ(place.begin, 0u);
  EXPECT_EQ(place.end, 100u);
  EXPECT_EQ(place.text.size(), 103u);
}

TEST(SourceText, CutsALineThatIsNoUtf8AroundTheMark) {
  for (const std::string& unit :
       {"\x80"s, "\xC3"s, "\xFF\x80\x80\x80\x80"s, "\xE6\x97"s, "\xC3\xB6\x80"s}) {
    std::string line;
    while (line.size() < 300) line += unit;
    const SourcePlace place = SourceText(line + "x" + line).place("r.json", {1, 150, 2});
    EXPECT_LE(place.begin, place.end);
    EXPECT_LE(place.end, place.text.size());
    EXPECT_FALSE(marked(place).empty());
  }
  const std::string wide = std::string(100, '\x80') + "\xE6\x97\xA5";
  EXPECT_EQ(marked(SourceText(wide + wide).place("r.json", {1, 101, 1})), "\xE6\x97\xA5");
}

TEST(SourceText, HasNothingBehindItsEnd) {
  const SourceText text("{\n");
  for (const TextPosition position : {TextPosition{2, 1}, TextPosition{3, 7}, TextPosition{1, 9}}) {
    EXPECT_EQ(marked(text.place("r.json", position)), "");
  }
  EXPECT_EQ(SourceText("").place("r.json", {1, 1}).text, "");
}

}  // namespace
}  // namespace knack::host
