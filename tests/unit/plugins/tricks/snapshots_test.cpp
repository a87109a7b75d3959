// SPDX-License-Identifier: MIT
#include "plugins/tricks/weight_average/snapshots.hpp"

#include <gmock/gmock.h>

namespace weight_average {
namespace {

using ::testing::ElementsAre;

/// Offers one metric an epoch, from epoch 1, as the trick does.
struct Offered {
  std::vector<std::int64_t> kept;
  std::vector<std::int64_t> evicted;
};

std::vector<std::int64_t> epochs(const std::vector<Snapshot>& snapshots) {
  std::vector<std::int64_t> epochs;
  for (const Snapshot& snapshot : snapshots) epochs.push_back(snapshot.epoch);
  return epochs;
}

Offered offer_best(const std::vector<double>& metrics, bool higher_is_better) {
  Snapshots snapshots(3);
  Offered offered;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (!snapshots.is_wanted(metrics[i], higher_is_better)) continue;
    const Snapshot snapshot{static_cast<std::int64_t>(i) + 1, metrics[i]};
    const std::optional<Snapshot> evicted = snapshots.add_best(snapshot, higher_is_better);
    if (evicted) offered.evicted.push_back(evicted->epoch);
  }
  offered.kept = epochs(snapshots.kept());
  return offered;
}

TEST(Snapshots, KeepTheBestInBothDirections) {
  const std::vector<double> metrics{0.5, 0.9, 0.7, 0.8, 0.6, 0.95};
  EXPECT_THAT(offer_best(metrics, true).kept, ElementsAre(2, 4, 6));
  EXPECT_THAT(offer_best(metrics, true).evicted, ElementsAre(1, 3));
  EXPECT_THAT(offer_best(metrics, false).kept, ElementsAre(1, 3, 5));
  EXPECT_THAT(offer_best(metrics, false).evicted, ElementsAre(2, 4));
}

TEST(Snapshots, TiesKeepTheOldAndOfEqualWorstOnesTheLatestLeaves) {
  for (const bool higher_is_better : {true, false}) {
    const double better = higher_is_better ? 0.6 : 0.4;
    EXPECT_THAT(offer_best({0.5, 0.5, 0.5, 0.5}, higher_is_better).kept, ElementsAre(1, 2, 3));
    EXPECT_THAT(offer_best({0.5, 0.5, 0.5, better}, higher_is_better).kept, ElementsAre(1, 2, 4));
    EXPECT_THAT(offer_best({0.5, better, 0.5, 0.5, better}, higher_is_better).kept,
                ElementsAre(1, 2, 5));
  }
}

TEST(Snapshots, NanAndInfinitiesAreNeverKept) {
  EXPECT_THAT(offer_best({NAN, 0.1, NAN, 0.2}, true).kept, ElementsAre(2, 4));
  EXPECT_THAT(offer_best({NAN, 0.1, 0.3, 0.2, NAN}, false).kept, ElementsAre(2, 3, 4));
  for (const bool higher_is_better : {true, false}) {
    EXPECT_THAT(offer_best({INFINITY, 0.1, -INFINITY, 0.2}, higher_is_better).kept,
                ElementsAre(2, 4));
  }
}

TEST(Snapshots, LastOnesKeepTheirOrder) {
  Snapshots snapshots(2);
  EXPECT_FALSE(snapshots.add_last({1, 0.9}));
  EXPECT_FALSE(snapshots.add_last({2, NAN}));
  EXPECT_EQ(snapshots.add_last({3, 0.1})->epoch, 1);
  EXPECT_THAT(epochs(snapshots.kept()), ElementsAre(2, 3));
}

TEST(Snapshots, AreRankedBestFirstAndTheEarlierAmongEquals) {
  Snapshots snapshots(4);
  for (const Snapshot& snapshot : {Snapshot{1, 0.5}, {2, 0.7}, {3, 0.5}, {4, 0.9}}) {
    snapshots.add_last(snapshot);
  }
  EXPECT_THAT(epochs(snapshots.ranked(true)), ElementsAre(4, 2, 1, 3));
  EXPECT_THAT(epochs(snapshots.ranked(false)), ElementsAre(1, 3, 2, 4));
}

TEST(Snapshots, HaveAFileEach) {
  EXPECT_EQ((Snapshot{12, 0.5}).path(), "snapshots/epoch-12.safetensors");
}

}  // namespace
}  // namespace weight_average
