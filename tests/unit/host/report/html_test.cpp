// SPDX-License-Identifier: MIT
// The parts of a report's page that can go wrong in silence; the whole is tested in a browser.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>

#include "host/report/html/axis.hpp"
#include "host/report/html/chart.hpp"
#include "host/report/html/metric_streams.hpp"
#include "host/report/html/run_charts.hpp"
#include "host/report/html/text.hpp"
#include "host/report/html/thinning.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host::html {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;
using ::testing::Pointwise;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(ReportText, EscapesWhatHtmlWouldTakeForItsOwn) {
  EXPECT_EQ(escaped("a<b>&\"c\"'"), "a&lt;b&gt;&amp;&quot;c&quot;&#39;");
}

TEST(ReportText, KeepsUtf8AndReplacesWhatIsNone) {
  const std::string lost = "\xEF\xBF\xBD";
  EXPECT_EQ(escaped("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80");
  EXPECT_EQ(escaped("a\xFFz"), "a" + lost + "z");
  EXPECT_EQ(escaped("\xC0\xAF"), lost + lost);                // overlong
  EXPECT_EQ(escaped("\xED\xA0\x80"), lost + lost + lost);     // half of a surrogate pair
  EXPECT_EQ(escaped("\xF4\x90\x80\x80").substr(0, 3), lost);  // beyond the last character
  EXPECT_EQ(escaped("\xE2\x82"), lost + lost);                // cut off
  EXPECT_EQ(escaped(std::string_view("\0\x1B\x7F\t\n", 5)), lost + lost + lost + "\t\n");
}

TEST(ReportText, WritesNumbersWithEveryBit) {
  for (const double value : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0, 380.0}) {
    EXPECT_EQ(std::strtod(exact(value).c_str(), nullptr), value);
  }
  EXPECT_EQ(exact(kNaN), "null");
  EXPECT_EQ(exact(-std::numeric_limits<double>::infinity()), "null");
}

TEST(ReportText, RoundsForPeople) {
  EXPECT_EQ(rounded(380), "380");
  EXPECT_EQ(rounded(0.98734177), "0.9873");
  EXPECT_EQ(rounded(0.00012345), "0.0001234");
  EXPECT_EQ(rounded(1e20), "1e+20");
  EXPECT_EQ(measured(1), "1.0000");
  EXPECT_EQ(grouped(1234567),
            "1\xE2\x80\xAF"
            "234\xE2\x80\xAF"
            "567");
  EXPECT_EQ(grouped(-999), "-999");
  EXPECT_EQ(duration(59.99), "1:00 min");
  EXPECT_EQ(duration(3723), "1:02:03 h");
}

TEST(ReportAxis, PutsTicksOnRoundNumbers) {
  EXPECT_THAT(ticks({0.82, 3.1, false}, 5),
              Pointwise(DoubleNear(1e-12), {1.0, 1.5, 2.0, 2.5, 3.0}));
  EXPECT_THAT(tick_labels({1.0, 1.5, 2.0}), ElementsAre("1.0", "1.5", "2.0"));
  EXPECT_THAT(tick_labels({0.0, 5.0, 10.0}), ElementsAre("0", "5", "10"));
  EXPECT_THAT(ticks({0.5, 2000, true}, 6), ElementsAre(1, 10, 100, 1000));
  EXPECT_THAT(ticks({0.45, 11, true}, 6), ElementsAre(0.5, 1, 2, 5, 10));
  EXPECT_THAT(ticks({0.9, 4.1, true}, 4), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(ticks({1, 2, false}, 5, 1), ElementsAre(1, 2));  // epochs are whole
}

TEST(ReportAxis, HasAScaleForWhateverIsMeasured) {
  const std::vector<std::vector<double>> cases = {
      {},       {kNaN},         {0},        {5}, {-3}, {1e308, -1e308}, {1e300, -1e300},
      {5e-324}, {1, 1 + 1e-15}, {0, 1e-310}};
  for (const std::vector<double>& values : cases) {
    for (const bool is_log : {false, true}) {
      const Scale scale = scale_around({&values}, is_log);
      EXPECT_TRUE(std::isfinite(scale.low) && std::isfinite(scale.high));
      EXPECT_LT(scale.low, scale.high);
      EXPECT_LE(ticks(scale, 6).size(), 100u);
      for (const double value : values) {
        if (!is_drawn(value, is_log)) continue;
        EXPECT_THAT(scale.position(value), AllOf(Ge(0.0), Le(1.0)));
      }
    }
  }
}

TEST(ReportThinning, KeepsAllOfAShortCurve) {
  EXPECT_THAT(thinned({1, 2, 3}, {5, kNaN, 7}, 3), ElementsAre(0, 1, 2));
  EXPECT_TRUE(thinned({}, {}, 3).empty());
}

TEST(ReportThinning, KeepsEndsPeaksAndGaps) {
  constexpr std::size_t kSize = 100000;
  std::vector<double> x(kSize);
  std::iota(x.begin(), x.end(), 1.0);
  std::vector<double> y(kSize);
  for (std::size_t i = 0; i < kSize; ++i) y[i] = std::sin(static_cast<double>(i));
  y[54321] = 9;
  y[12345] = -9;
  std::fill(y.begin() + 70000, y.begin() + 71000, kNaN);
  const std::vector<std::size_t> kept = thinned(x, y, 2000);
  EXPECT_LE(kept.size(), 2000u);
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
  EXPECT_EQ(std::adjacent_find(kept.begin(), kept.end()), kept.end());
  EXPECT_EQ(kept.front(), 0u);
  EXPECT_EQ(kept.back(), kSize - 1);
  EXPECT_THAT(kept, Contains(54321));
  EXPECT_THAT(kept, Contains(12345));
  EXPECT_TRUE(
      std::any_of(kept.begin(), kept.end(), [&](std::size_t i) { return std::isnan(y[i]); }));
}

TEST(ReportThinning, ChoosesRowsEvenly) {
  EXPECT_THAT(evenly(5, 9), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(evenly(9, 3), ElementsAre(0, 4, 8));
  EXPECT_TRUE(evenly(0, 3).empty());
}

Chart small_chart() {
  Chart chart;
  chart.id = "chart-x";
  chart.title = "Loss </script>";
  chart.is_wide = true;
  chart.curves.push_back(
      {"live <b>", Curve::Kind::line, {0, 0}, {1, 2, 3}, {1, 2, 3}, {3, kNaN, 1}});
  chart.curves.push_back({"best", Curve::Kind::point, {1, 1}, {3}, {3}, {0.5}});
  return chart;
}

TEST(ReportChart, BreaksALineWhereThereIsNoNumber) {
  const std::string picture = svg(small_chart());
  const std::size_t begin = picture.find("class=\"line\" d=\"");
  ASSERT_NE(begin, std::string::npos);
  const std::string path = picture.substr(begin, picture.find('>', begin) - begin);
  EXPECT_EQ(std::count(path.begin(), path.end(), 'M'), 2);
  EXPECT_EQ(path.find('L'), std::string::npos);
}

TEST(ReportChart, MarksAPointWithoutNeighboursOfALongCurve) {
  Chart chart;
  chart.id = "chart-x";
  const std::vector<double> steps(100, 0.0);
  chart.curves.push_back({"rare", Curve::Kind::line, {2, 2}, steps, {}, steps});
  Curve& rare = chart.curves.back();
  std::iota(rare.x.begin(), rare.x.end(), 1.0);
  std::fill(rare.y.begin(), rare.y.end(), kNaN);
  rare.y[10] = 5;
  rare.y[20] = rare.y[21] = 6;
  const std::string picture = svg(chart);
  const std::size_t markers = picture.find("<g class=\"markers\">");
  ASSERT_NE(markers, std::string::npos);
  const std::string shapes = picture.substr(markers, picture.find("</g>", markers) - markers);
  EXPECT_EQ(std::count(shapes.begin(), shapes.end(), 'M'), 1);
}

TEST(ReportChart, HasAColourAndAShapeForEachStyle) {
  EXPECT_EQ(style_class({1, 3}), "c1 d3");
  EXPECT_EQ(style_class({7, 3}), "c1 d3 again");
  EXPECT_EQ(style_class(kGreyStyle), "c-grey d0");
  EXPECT_NE(marker({0, 2}, 5, 5, 1), marker({0, 3}, 5, 5, 1));
  EXPECT_EQ(marker({0, 2}, 5, 5, 1), marker({4, 2}, 5, 5, 1));
}

TEST(ReportChart, LetsNoFirstEpochFlattenTheOthers) {
  Chart chart;
  chart.curves.push_back({"live", Curve::Kind::line, {}, {1, 2, 3}, {1, 2, 3}, {9, 0.6, 0.5}});
  choose_scale(chart);
  EXPECT_TRUE(chart.is_log);
  EXPECT_FALSE(second_half(chart).is_log);
  for (const std::vector<double>& others : {std::vector<double>{9, 0, 0.5}, {9, 6, 0.5}}) {
    chart.is_log = false;
    chart.curves[0].y = others;
    choose_scale(chart);
    EXPECT_FALSE(chart.is_log);
  }
}

TEST(ReportChart, SaysItselfInWords) {
  const std::string words = described(small_chart());
  EXPECT_THAT(words, HasSubstr("live <b>: from 3.0000 at step 1 to 1.0000 at step 3"));
  EXPECT_THAT(words, HasSubstr("best: 0.5000 at step 3"));
}

TEST(ReportChart, LetsNoTextOutOfItsPlace) {
  EXPECT_THAT(figure(small_chart()), Not(HasSubstr("</script>")));
  EXPECT_THAT(figure(small_chart()), Not(HasSubstr("<b>")));
  const std::string data = chart_data({small_chart()});
  EXPECT_THAT(data, Not(HasSubstr("<")));
  EXPECT_THAT(data, HasSubstr("\\u003c/script>"));
  EXPECT_THAT(data, HasSubstr("\"y\":[3,null,1]"));
}

TEST(MetricStreams, ReadsRecordsByColumns) {
  const knack::testing::TemporaryFolder folder;
  const auto file = folder.path() / "metrics.jsonl";
  std::ofstream(file)
      << R"({"step":1,"epoch":1,"samples":8,"split":"valid","weights":"live","loss":0.5,"top1":null})"
      << "\nnonsense\n"
      << R"({"step":2,"epoch":2,"split":"valid","weights":"live","top1":0.9,"final":false})"
      << "\n"
      << R"({"step":2,"epoch":2,"split":"valid","weights":"live","loss":0.25,"final":true})"
      << "\n"
      << R"({"step":3,"split":"va)";
  const MetricStreams metrics = read_metric_streams(file);
  EXPECT_EQ(metrics.records, 3u);
  EXPECT_EQ(metrics.refused, 1u);
  const MetricStream* valid = metrics.find("valid", "live", false);
  ASSERT_NE(valid, nullptr);
  EXPECT_THAT(valid->step, ElementsAre(1, 2));
  ASSERT_NE(valid->column("loss"), nullptr);
  EXPECT_THAT(valid->column("loss")->value, ElementsAre(0.5));
  ASSERT_NE(valid->column("top1"), nullptr);
  EXPECT_THAT(valid->column("top1")->row, ElementsAre(0, 1));
  EXPECT_TRUE(std::isnan(valid->column("top1")->value[0]));
  EXPECT_EQ(valid->column("samples"), nullptr);
  ASSERT_NE(metrics.find("valid", "live", true), nullptr);
  EXPECT_EQ(metrics.find("test", "live", true), nullptr);
}

TEST(MetricStreams, HasNoRecordsWhereThereIsNoFile) {
  EXPECT_EQ(read_metric_streams("/nowhere/metrics.jsonl").records, 0u);
}

}  // namespace
}  // namespace knack::host::html
