// SPDX-License-Identifier: MIT
#include "host/report/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

namespace knack::host {
namespace {

using Numbers = std::vector<double>;

/// A line of expected_statistics.tsv, in the order of its columns.
struct Expected {
  Numbers before, after, mean, deviation, difference, interval, narrow_interval, p_value, family,
      corrected;
};

std::vector<Expected> expected_statistics() {
  std::ifstream file(KNACK_SOURCE_DIR "/tests/unit/host/report/expected_statistics.tsv");
  std::vector<Expected> rows;
  for (std::string line; std::getline(file, line);) {
    Expected& row = rows.emplace_back();
    std::istringstream cells(line);
    for (Numbers* column :
         {&row.before, &row.after, &row.mean, &row.deviation, &row.difference, &row.interval,
          &row.narrow_interval, &row.p_value, &row.family, &row.corrected}) {
      std::string cell;
      EXPECT_TRUE(std::getline(cells, cell, '\t')) << line;
      std::istringstream numbers(cell);
      for (std::string number; std::getline(numbers, number, ',');) {
        column->push_back(std::stod(number));
      }
    }
  }
  return rows;
}

void expect_near(double found, double expected, const char* what) {
  EXPECT_NEAR(found, expected, 1e-9 * std::max(1.0, std::abs(expected))) << what;
}

TEST(Statistics, AreThoseOfScipy) {
  const std::vector<Expected> rows = expected_statistics();
  ASSERT_EQ(rows.size(), 8u);
  for (const Expected& row : rows) {
    SCOPED_TRACE("first value: " + std::to_string(row.before.front()));
    expect_near(mean(row.after), row.mean.at(0), "mean");
    expect_near(standard_deviation(row.after), row.deviation.at(0), "standard deviation");
    const MeanEstimate found = estimate_paired_difference(row.before, row.after);
    EXPECT_EQ(found.count, row.after.size());
    expect_near(found.mean, row.difference.at(0), "difference");
    expect_near(found.interval.low, row.interval.at(0), "95 %, low");
    expect_near(found.interval.high, row.interval.at(1), "95 %, high");
    expect_near(found.p_value, row.p_value.at(0), "p-value");
    const MeanEstimate narrow = estimate_paired_difference(row.before, row.after, 0.8);
    expect_near(narrow.interval.low, row.narrow_interval.at(0), "80 %, low");
    expect_near(narrow.interval.high, row.narrow_interval.at(1), "80 %, high");
    const Numbers corrected = holm_corrected(row.family);
    ASSERT_EQ(corrected.size(), row.corrected.size());
    for (std::size_t i = 0; i < corrected.size(); ++i) {
      expect_near(corrected[i], row.corrected[i], "Holm");
    }
  }
}

TEST(Statistics, HaveTheQuantilesOfThePublishedTables) {
  EXPECT_NEAR(student_t(0.95, 1), 12.706, 5e-4);
  EXPECT_NEAR(student_t(0.95, 4), 2.776, 5e-4);
  EXPECT_NEAR(student_t(0.95, 9), 2.262, 5e-4);
  EXPECT_NEAR(student_t(0.99, 4), 4.604, 5e-4);
  EXPECT_NEAR(student_t(0.90, 30), 1.697, 5e-4);
}

TEST(Statistics, OfEqualValuesHaveNoDeviation) {
  for (const double value : {0.1, 1.0 / 3, 0.9861111}) {
    const Numbers equal(7, value);
    EXPECT_EQ(mean(equal), value);
    EXPECT_EQ(standard_deviation(equal), 0.0);
    const MeanEstimate found = estimate_mean(equal);
    EXPECT_EQ(found.interval.low, value);
    EXPECT_EQ(found.interval.high, value);
    EXPECT_EQ(found.p_value, 1.0 / 64);  // sign test: 2 of 2^7 ways
  }
}

TEST(Statistics, OfNoDifferenceSayThatThereIsNone) {
  const Numbers values = {0.3, 0.1, 0.7};
  const MeanEstimate found = estimate_paired_difference(values, values);
  EXPECT_EQ(found.mean, 0.0);
  EXPECT_EQ(found.standard_deviation, 0.0);
  EXPECT_EQ(found.interval.low, 0.0);
  EXPECT_EQ(found.interval.high, 0.0);
  EXPECT_EQ(found.p_value, 1.0);
}

// 1 of 360 pictures more, from different accuracies on: the differences differ in their last bits.
TEST(Statistics, DoNotTakeRoundingForDeviation) {
  Numbers before;
  Numbers after;
  for (const int right : {7, 47, 113, 290, 358}) {
    before.push_back(right / 360.0);
    after.push_back((right + 1) / 360.0);
  }
  ASSERT_GT(standard_deviation(paired_differences(before, after)), 0.0);
  const MeanEstimate found = estimate_paired_difference(before, after);
  EXPECT_EQ(found.standard_deviation, 0.0);
  EXPECT_EQ(found.p_value, 1.0 / 16);
}

TEST(Statistics, OfTooFewValuesAreNoNumbers) {
  EXPECT_TRUE(std::isnan(mean({})));
  const Numbers one = {0.5};
  EXPECT_TRUE(std::isnan(standard_deviation(one)));
  const MeanEstimate found = estimate_mean(one);
  EXPECT_EQ(found.count, 1u);
  EXPECT_EQ(found.mean, 0.5);
  EXPECT_TRUE(std::isnan(found.interval.low) && std::isnan(found.interval.high));
  EXPECT_TRUE(std::isnan(found.p_value));
}

TEST(Statistics, OfWhatIsNotFiniteAreNoNumbers) {
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL, 1e308}) {
    for (const Numbers& values : {Numbers{-1e308, value}, Numbers{value, -1e308, value}}) {
      const MeanEstimate found = estimate_mean(values);
      EXPECT_TRUE(std::isnan(found.standard_deviation)) << value;
      EXPECT_TRUE(std::isnan(found.interval.low) && std::isnan(found.interval.high)) << value;
      EXPECT_TRUE(std::isnan(found.p_value)) << value;
    }
  }
  EXPECT_TRUE(std::isnan(estimate_mean(Numbers{HUGE_VAL}).mean));
  EXPECT_TRUE(std::isnan(estimate_paired_difference(Numbers{1, HUGE_VAL}, Numbers{2, 3}).p_value));
}

// Their squares are 0 in a double.
TEST(Statistics, OfValuesTooCloseForADeviationCountThemAsEqual) {
  const MeanEstimate found = estimate_mean(Numbers{1e-200, -1e-200});
  EXPECT_EQ(found.mean, 0.0);
  EXPECT_EQ(found.standard_deviation, 0.0);
  EXPECT_EQ(found.p_value, 1.0);
  EXPECT_EQ(estimate_mean(Numbers{1e-200, 2e-200}).interval.low,
            estimate_mean(Numbers{1e-200, 2e-200}).interval.high);
}

TEST(Statistics, LeaveWhatHasNoPValueOutOfHolmsFamily) {
  const Numbers corrected = holm_corrected(Numbers{0.04, std::nan(""), 0.01});
  EXPECT_DOUBLE_EQ(corrected[0], 0.04);
  EXPECT_TRUE(std::isnan(corrected[1]));
  EXPECT_DOUBLE_EQ(corrected[2], 0.02);
  EXPECT_TRUE(holm_corrected({}).empty());
}

}  // namespace
}  // namespace knack::host
