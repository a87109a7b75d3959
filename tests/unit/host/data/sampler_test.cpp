// SPDX-License-Identifier: MIT
#include "host/data/sampler.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "tests/support/error_message.hpp"

namespace knack::host {
namespace {

using ::knack::testing::error_message;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::int64_t> sorted(std::vector<std::int64_t> order) {
  std::sort(order.begin(), order.end());
  return order;
}

TEST(Sampler, KeepsFileOrderWithoutShuffle) {
  const Sampler sampler({.samples = 5, .batch_size = 2});
  EXPECT_THAT(sampler.order(1), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(sampler.order(7), ElementsAre(0, 1, 2, 3, 4));
}

TEST(Sampler, CutsAShortLastBatchUnlessItIsDropped) {
  const Sampler keeping({.samples = 5, .batch_size = 2});
  const auto order = keeping.order(1);
  ASSERT_EQ(keeping.batches_per_epoch(), 3);
  EXPECT_THAT(keeping.batch(order, 1), ElementsAre(2, 3));
  EXPECT_THAT(keeping.batch(order, 2), ElementsAre(4));
  EXPECT_EQ(Sampler({.samples = 5, .batch_size = 2, .drop_last = true}).batches_per_epoch(), 2);
  EXPECT_EQ(Sampler({.samples = 4, .batch_size = 2}).batches_per_epoch(), 2);
}

TEST(Sampler, ShufflesEverySampleIntoEachEpochOnce) {
  const Sampler sampler({.samples = 1000, .batch_size = 10, .shuffle = true, .seed = 3});
  std::vector<std::int64_t> all(1000);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_NE(sampler.order(1), all);
  EXPECT_EQ(sorted(sampler.order(1)), all);
  EXPECT_NE(sampler.order(1), sampler.order(2));
  EXPECT_EQ(sorted(sampler.order(2)), all);
}

TEST(Sampler, DrawsTheOrderThatItsDescriptionGives) {
  // From an independent implementation of the documented steps in Python.
  const Sampler sampler({.samples = 8, .batch_size = 8, .shuffle = true, .seed = 42});
  EXPECT_THAT(sampler.order(1), ElementsAre(0, 4, 7, 5, 6, 2, 3, 1));
  EXPECT_THAT(sampler.order(2), ElementsAre(2, 7, 5, 3, 0, 1, 6, 4));
}

TEST(Sampler, OrdersDifferBetweenSeeds) {
  const SamplerOptions first{.samples = 100, .batch_size = 10, .shuffle = true, .seed = 1};
  SamplerOptions second = first;
  second.seed = 2;
  EXPECT_EQ(Sampler(first).order(1), Sampler(first).order(1));
  EXPECT_NE(Sampler(first).order(1), Sampler(second).order(1));
}

TEST(Sampler, LimitsAnEpochToTheFirstSamplesOfItsOrder) {
  SamplerOptions options{.samples = 100, .batch_size = 8, .shuffle = true, .seed = 1};
  const auto whole = Sampler(options).order(1);
  options.limit = 20;
  const Sampler limited(options);
  const auto order = limited.order(1);
  EXPECT_EQ(order, std::vector<std::int64_t>(whole.begin(), whole.begin() + 20));
  ASSERT_EQ(limited.batches_per_epoch(), 3);
  EXPECT_EQ(limited.batch(order, 2).size(), 4U);
}

TEST(Sampler, PutsEverySampleEverywhereEquallyOften) {
  constexpr int kEpochs = 6000;
  const Sampler sampler({.samples = 6, .batch_size = 6, .shuffle = true, .seed = 9});
  std::vector<std::vector<int>> counts(6, std::vector<int>(6));
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    const auto order = sampler.order(epoch);
    for (std::size_t place = 0; place < 6; ++place) {
      ++counts[place][static_cast<std::size_t>(order[place])];
    }
  }
  // The standard deviation of a count is sqrt(6000 / 6 * 5 / 6) = 29.
  for (const auto& row : counts) {
    for (const int count : row) EXPECT_NEAR(count, kEpochs / 6, 145);
  }
}

TEST(Sampler, RefusesBatchSizesThatGiveNoBatch) {
  EXPECT_THAT(error_message(ExitCode::recipe, [] { Sampler({.samples = 5, .batch_size = 0}); }),
              HasSubstr("batch_size: expected at least 1, found 0"));
  EXPECT_THAT(error_message(ExitCode::recipe,
                            [] { Sampler({.samples = 5, .batch_size = 6, .drop_last = true}); }),
              HasSubstr("batch_size: 6 is more than the 5 samples"));
}

}  // namespace
}  // namespace knack::host
