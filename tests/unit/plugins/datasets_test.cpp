// SPDX-License-Identifier: MIT
// The datasets "idx" and "synthetic" as the host reads them.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <numeric>
#include <thread>

#include "host/plugin/kinds/dataset.hpp"
#include "tests/support/error_message.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/plugins/first_party.hpp"

namespace knack::host {
namespace {

using ::knack::testing::error_message;
using ::knack::testing::make_first_party;
using ::knack::testing::TemporaryFolder;
using ::testing::HasSubstr;

constexpr const char* kDigits = KNACK_SOURCE_DIR "/configs/data/digits";

/// Three images of two channels, one row and two columns, with the labels 1, 0 and 2.
class SmallIdx {
 public:
  SmallIdx() {
    using namespace std::string_literals;
    images_ = folder_.write("images", "\0\0\x08\x04\0\0\0\x03\0\0\0\x02\0\0\0\x01\0\0\0\x02"s +
                                          "\x00\xff\x33\x66"s + "\x01\x02\x03\x04"s +
                                          "\x05\x06\x07\x08"s);
    labels_ = folder_.write("labels", "\0\0\x08\x01\0\0\0\x03\x01\x00\x02"s);
  }

  Dataset open(Value::Map options = {}) const {
    options.push_back({"images", images_.string()});
    options.push_back({"labels", labels_.string()});
    return make_first_party<Dataset>("idx", std::move(options));
  }

 private:
  TemporaryFolder folder_;
  std::filesystem::path images_;
  std::filesystem::path labels_;
};

at::Tensor inputs_of(const Dataset& dataset, std::vector<std::int64_t> indices) {
  return *dataset.batch(1, 0, indices).inputs.get_if<at::Tensor>();
}

at::Tensor targets_of(const Dataset& dataset, std::vector<std::int64_t> indices) {
  return *dataset.batch(1, 0, indices).targets.get_if<at::Tensor>();
}

Value numbers(std::initializer_list<double> values) {
  return Value(Value::List(values.begin(), values.end()));
}

Value integers(std::initializer_list<std::int64_t> values) {
  return Value(Value::List(values.begin(), values.end()));
}

TEST(IdxDataset, GivesImagesBetweenZeroAndOneAndTheirLabels) {
  const Dataset dataset = SmallIdx().open();
  EXPECT_EQ(dataset.length(), 3);
  const at::Tensor inputs = inputs_of(dataset, {0, 2});
  EXPECT_EQ(inputs.sizes(), (std::vector<std::int64_t>{2, 2, 1, 2}));
  const at::Tensor bytes = at::tensor({0, 255, 51, 102, 5, 6, 7, 8}, at::kByte).view({2, 2, 1, 2});
  EXPECT_TRUE(at::equal(inputs, bytes.to(at::kFloat).div(255)));
  EXPECT_TRUE(at::equal(targets_of(dataset, {0, 2}), at::tensor({1, 2}, at::kLong)));
}

TEST(IdxDataset, NormalizesEachChannel) {
  const Dataset dataset =
      SmallIdx().open({{"mean", numbers({0.5, 0.1})}, {"std", numbers({0.25, 2})}});
  const at::Tensor plain = inputs_of(SmallIdx().open(), {0, 1, 2});
  const at::Tensor mean = at::tensor({0.5F, 0.1F}).view({1, 2, 1, 1});
  const at::Tensor std = at::tensor({0.25F, 2.0F}).view({1, 2, 1, 1});
  EXPECT_TRUE(at::equal(inputs_of(dataset, {0, 1, 2}), plain.sub(mean).div(std)));
}

TEST(IdxDataset, TakesARange) {
  const Dataset dataset = SmallIdx().open({{"range", integers({1, 3})}});
  EXPECT_EQ(dataset.length(), 2);
  EXPECT_TRUE(at::equal(targets_of(dataset, {0, 1}), at::tensor({0, 2}, at::kLong)));
  EXPECT_THAT(error_message(ExitCode::data, [] { SmallIdx().open({{"range", integers({1, 4})}}); }),
              HasSubstr("0 <= first < last <= 3"));
}

TEST(IdxDataset, TellsClassesAndShape) {
  const Value facts = SmallIdx().open().describe();
  EXPECT_EQ(facts.find("num_classes")->number(), 3);
  const auto& shape = *facts.find("shape")->get_if<Value::List>();
  ASSERT_EQ(shape.size(), 3U);
  EXPECT_EQ(shape[0].number(), 2);
  EXPECT_EQ(shape[2].number(), 2);
  EXPECT_EQ(SmallIdx().open({{"num_classes", 7}}).describe().find("num_classes")->number(), 7);
}

TEST(IdxDataset, ReportsBadFilesAsBadData) {
  EXPECT_THAT(error_message(ExitCode::data, [] { SmallIdx().open({{"num_classes", 2}}); }),
              HasSubstr("labels: label 2 at index 2, allowed 0..1"));
  EXPECT_THAT(error_message(ExitCode::data,
                            [] { make_first_party<Dataset>("idx", {{"root", "/nowhere"}}); }),
              HasSubstr("/nowhere/train-images-idx3-ubyte: no such file"));
}

TEST(IdxDataset, AsksForItsFiles) {
  EXPECT_THAT(error_message(ExitCode::plugin, [] { make_first_party<Dataset>("idx"); }),
              HasSubstr("expected the option \"root\""));
}

TEST(IdxDataset, ReadsBothSplitsOfTheDigits) {
  const Dataset train = make_first_party<Dataset>("idx", {{"root", kDigits}});
  const Dataset test = make_first_party<Dataset>("idx", {{"root", kDigits}, {"split", "test"}});
  EXPECT_EQ(train.length(), 1437);
  EXPECT_EQ(test.length(), 360);
  EXPECT_TRUE(train.is_reentrant());
}

TEST(SyntheticDataset, DrawsEachSampleFromSeedAndIndexAlone) {
  const Dataset dataset = make_first_party<Dataset>("synthetic", {{"samples", 40}});
  const at::Tensor together = inputs_of(dataset, {3, 17, 3});
  EXPECT_EQ(together.sizes(), (std::vector<std::int64_t>{3, 3, 32, 32}));
  EXPECT_TRUE(at::equal(together[0], together[2]));
  EXPECT_FALSE(at::equal(together[0], together[1]));
  EXPECT_TRUE(at::equal(inputs_of(dataset, {17})[0], together[1]));
  const Dataset again = make_first_party<Dataset>("synthetic", {{"samples", 40}});
  EXPECT_TRUE(at::equal(inputs_of(again, {3, 17, 3}), together));
  const Dataset other = make_first_party<Dataset>("synthetic", {{"samples", 40}, {"seed", 1}});
  EXPECT_FALSE(at::equal(inputs_of(other, {3, 17, 3}), together));
  const Dataset later = make_first_party<Dataset>("synthetic", {{"samples", 40}, {"offset", 10}});
  EXPECT_TRUE(at::equal(inputs_of(later, {7})[0], together[1]));
}

TEST(SyntheticDataset, GivesNumbersInRangeForAnyShape) {
  const Dataset dataset = make_first_party<Dataset>(
      "synthetic",
      {{"channels", 2}, {"height", 3}, {"width", 7}, {"num_classes", 4}, {"noise", 1.0}});
  std::vector<std::int64_t> indices(200);
  std::iota(indices.begin(), indices.end(), 0);
  const at::Tensor inputs = inputs_of(dataset, indices);
  EXPECT_EQ(inputs.sizes(), (std::vector<std::int64_t>{200, 2, 3, 7}));
  EXPECT_GE(inputs.min().item<float>(), 0);
  EXPECT_LT(inputs.max().item<float>(), 1);
  // Uniform numbers: mean 1/2, standard deviation sqrt(1/12).
  EXPECT_NEAR(inputs.mean().item<double>(), 0.5, 0.02);
  EXPECT_NEAR(inputs.std().item<double>(), 0.2887, 0.01);
  EXPECT_EQ(targets_of(dataset, {0, 1, 5, 199}).max().item<std::int64_t>(), 3);
}

TEST(SyntheticDataset, CanBeLearned) {
  const Dataset train = make_first_party<Dataset>("synthetic", {{"samples", 200}});
  const Dataset valid = make_first_party<Dataset>("synthetic", {{"samples", 100}, {"offset", 200}});
  std::vector<std::int64_t> indices(200);
  std::iota(indices.begin(), indices.end(), 0);
  const at::Tensor means =
      inputs_of(train, indices).view({20, 10, 3 * 32 * 32}).mean(0);  // class i % 10
  indices.resize(100);
  const at::Tensor nearest = at::cdist(inputs_of(valid, indices).flatten(1), means).argmin(1);
  EXPECT_TRUE(at::equal(nearest, targets_of(valid, indices)));
}

TEST(Datasets, MayBeReadByManyThreadsAtOnce) {
  const Dataset digits = make_first_party<Dataset>("idx", {{"root", kDigits}});
  const Dataset synthetic = make_first_party<Dataset>("synthetic");
  for (const Dataset* dataset : {&digits, &synthetic}) {
    const at::Tensor expected = inputs_of(*dataset, {1, 2, 3});
    std::vector<std::jthread> threads;
    std::atomic<int> wrong = 0;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 50; ++round) {
          if (!at::equal(inputs_of(*dataset, {1, 2, 3}), expected)) ++wrong;
        }
      });
    }
    threads.clear();
    EXPECT_EQ(wrong, 0);
  }
}

}  // namespace
}  // namespace knack::host
