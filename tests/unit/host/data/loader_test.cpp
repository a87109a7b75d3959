// SPDX-License-Identifier: MIT
#include "host/data/loader.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>

namespace knack::host {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What a source was asked for.
struct Request {
  std::int64_t epoch;
  std::uint64_t seed;
  std::int64_t first_index;
};

/// Samples whose input is their index; `on_read` sees each request first.
class Numbers final : public BatchSource {
 public:
  explicit Numbers(std::int64_t length, bool reentrant = true)
      : length_(length), reentrant_(reentrant) {}

  std::int64_t length() const override {
    return length_;
  }
  bool reentrant() const override {
    return reentrant_;
  }
  std::pair<Value, Value> read(std::int64_t epoch, std::uint64_t seed,
                               std::span<const std::int64_t> indices) override {
    if (on_read) on_read({epoch, seed, indices.front()});
    at::Tensor inputs = at::empty({static_cast<std::int64_t>(indices.size())}, at::kLong);
    std::copy(indices.begin(), indices.end(), inputs.mutable_data_ptr<std::int64_t>());
    return {Value(inputs), Value(inputs + epoch)};
  }

  std::function<void(const Request&)> on_read;

 private:
  std::int64_t length_;
  bool reentrant_;
};

std::vector<std::int64_t> numbers(const Value& value) {
  const at::Tensor& tensor = *value.get_if<at::Tensor>();
  const auto* data = tensor.const_data_ptr<std::int64_t>();
  return {data, data + tensor.numel()};
}

/// The samples of all batches up to the end of the epoch, after checking each batch in itself.
std::vector<std::vector<std::int64_t>> rest_of_epoch(Loader& loader, std::int64_t epoch) {
  std::vector<std::vector<std::int64_t>> batches;
  while (const std::optional<Batch> batch = loader.next()) {
    EXPECT_EQ(numbers(batch->inputs), batch->indices);
    EXPECT_EQ(batch->samples, static_cast<std::int64_t>(batch->indices.size()));
    EXPECT_EQ(batch->epoch, epoch);
    batches.push_back(batch->indices);
  }
  return batches;
}

std::vector<std::vector<std::int64_t>> whole_epoch(Loader& loader, std::int64_t epoch) {
  loader.start_epoch(epoch);
  return rest_of_epoch(loader, epoch);
}

class LoaderWithWorkers : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Count, LoaderWithWorkers, ::testing::Values(0, 1, 4));

TEST_P(LoaderWithWorkers, DeliversTheSameBatchesInTheSameOrder) {
  Numbers source(103);
  // The later a batch is claimed within a group of four, the sooner it is ready.
  source.on_read = [](const Request& request) {
    std::this_thread::sleep_for((3 - request.first_index % 4) * 200us);
  };
  LoaderSettings options{.batch_size = 5, .shuffle = true, .workers = 0, .seed = 7};
  Loader reference(source, options);
  options.workers = GetParam();
  Loader loader(source, options);
  for (const std::int64_t epoch : {1, 2, 5}) {
    const auto batches = whole_epoch(loader, epoch);
    EXPECT_EQ(batches.size(), 21U);
    EXPECT_EQ(batches, whole_epoch(reference, epoch));
  }
  EXPECT_NE(whole_epoch(loader, 1), whole_epoch(loader, 2));
}

TEST_P(LoaderWithWorkers, BeginsAnEpochInItsMiddle) {
  Numbers source(20);
  Loader loader(source, {.batch_size = 3, .shuffle = true, .workers = GetParam(), .seed = 1});
  auto batches = whole_epoch(loader, 4);
  loader.start_epoch(4, 5);
  batches.erase(batches.begin(), batches.begin() + 5);
  EXPECT_EQ(rest_of_epoch(loader, 4), batches);
  loader.start_epoch(4, loader.batches_per_epoch());
  EXPECT_THAT(rest_of_epoch(loader, 4), IsEmpty());
}

TEST_P(LoaderWithWorkers, LeavesAnEpochForAnother) {
  Numbers source(50);
  Loader loader(source, {.batch_size = 2, .workers = GetParam()});
  for (std::int64_t epoch = 1; epoch <= 50; ++epoch) {
    loader.start_epoch(epoch);
    for (std::int64_t i = 0; i < epoch % 4; ++i) {
      ASSERT_THAT(loader.next()->indices, ElementsAre(2 * i, 2 * i + 1));
    }
  }
  EXPECT_EQ(whole_epoch(loader, 99).size(), 25U);
}

TEST_P(LoaderWithWorkers, DeliversNothingOutsideAnEpoch) {
  Numbers source(4);
  Loader loader(source, {.batch_size = 4, .workers = GetParam()});
  EXPECT_FALSE(loader.next().has_value());
  EXPECT_EQ(whole_epoch(loader, 1).size(), 1U);
  EXPECT_FALSE(loader.next().has_value());
}

TEST_P(LoaderWithWorkers, ThrowsAnErrorInThePlaceOfItsBatchAndGoesOnBehindIt) {
  Numbers source(10);
  source.on_read = [](const Request& request) {
    if (request.first_index == 4) throw std::runtime_error("sample 4 is damaged");
  };
  Loader loader(source, {.batch_size = 2, .workers = GetParam()});
  loader.start_epoch(1);
  EXPECT_THAT(loader.next()->indices, ElementsAre(0, 1));
  EXPECT_THAT(loader.next()->indices, ElementsAre(2, 3));
  EXPECT_THROW(loader.next(), std::runtime_error);
  EXPECT_THAT(loader.next()->indices, ElementsAre(6, 7));
  EXPECT_EQ(rest_of_epoch(loader, 1).size(), 1U);
}

TEST_P(LoaderWithWorkers, EndsInTheMiddleOfAnEpoch) {
  Numbers source(1000);
  source.on_read = [](const Request&) { std::this_thread::sleep_for(100us); };
  for (int taken = 0; taken < 20; ++taken) {
    Loader loader(source, {.batch_size = 1, .workers = GetParam()});
    loader.start_epoch(1);
    for (int i = 0; i < taken; ++i) EXPECT_TRUE(loader.next().has_value());
  }
}

TEST_P(LoaderWithWorkers, ReadsWithoutGradientAndOnOneThreadAndPutsTheThreadCountBack) {
  at::set_num_threads(2);
  ASSERT_EQ(at::get_num_threads(), 2);
  std::atomic<int> wrong = 0;
  Numbers source(16);
  source.on_read = [&](const Request&) {
    if (at::get_num_threads() != 1 || at::GradMode::is_enabled()) ++wrong;
  };
  Loader loader(source, {.batch_size = 1, .workers = GetParam()});
  EXPECT_EQ(whole_epoch(loader, 1).size(), 16U);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(at::get_num_threads(), 2);
  EXPECT_TRUE(at::GradMode::is_enabled());
  int in_later_thread = 0;
  std::jthread([&] { in_later_thread = at::get_num_threads(); }).join();
  EXPECT_EQ(in_later_thread, 2);
}

TEST_P(LoaderWithWorkers, HandsEpochAndSeedToTheSource) {
  std::atomic<int> wrong = 0;
  Numbers source(9);
  source.on_read = [&](const Request& request) {
    if (request.epoch != 3 || request.seed != 11) ++wrong;
  };
  Loader loader(source, {.batch_size = 4, .workers = GetParam(), .seed = 11});
  EXPECT_EQ(whole_epoch(loader, 3).size(), 3U);
  EXPECT_EQ(wrong, 0);
}

TEST(Loader, EntersASourceThatIsNotReentrantOneByOne) {
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  const auto watch = [&](const Request&) {
    const int now = ++inside;
    if (now > most) most = now;
    std::this_thread::sleep_for(2ms);
    --inside;
  };
  Numbers alone(24, false);
  alone.on_read = watch;
  Loader serial(alone, {.batch_size = 1, .workers = 4});
  EXPECT_EQ(whole_epoch(serial, 1).size(), 24U);
  EXPECT_EQ(most, 1);
  Numbers together(24, true);
  together.on_read = watch;
  Loader parallel(together, {.batch_size = 1, .workers = 4});
  EXPECT_EQ(whole_epoch(parallel, 1).size(), 24U);
  EXPECT_GT(most, 1);
}

TEST(Loader, ReadsNoFurtherAheadThanTwoBatchesAWorker) {
  std::atomic<int> reads = 0;
  Numbers source(100);
  source.on_read = [&](const Request&) { ++reads; };
  Loader loader(source, {.batch_size = 1, .workers = 3});
  loader.start_epoch(1);
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(reads, 6);
  loader.next();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(reads, 7);
}

TEST(Loader, ReadsNothingAheadWithoutWorkers) {
  int reads = 0;
  Numbers source(4);
  source.on_read = [&](const Request&) { ++reads; };
  Loader loader(source, {.batch_size = 1});
  loader.start_epoch(1);
  EXPECT_EQ(reads, 0);
  loader.next();
  EXPECT_EQ(reads, 1);
}

}  // namespace
}  // namespace knack::host
