// SPDX-License-Identifier: MIT
#include "host/run/classification.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace knack::host {
namespace {

using Json = nlohmann::ordered_json;

Batch batch_of(const at::Tensor& inputs, const at::Tensor& targets, std::int64_t first = 0) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(targets.size(0)));
  std::iota(indices.begin(), indices.end(), first);
  return {Value(inputs), Value(targets), targets.size(0), indices, 0};
}

at::Tensor classes(std::initializer_list<std::int64_t> numbers) {
  return at::tensor(std::vector<std::int64_t>(numbers), at::kLong);
}

/// Two outputs a sample.
at::Tensor pairs(std::initializer_list<double> numbers) {
  return at::tensor(std::vector<double>(numbers)).view({-1, 2});
}

Json result_of(const Value& outputs, const at::Tensor& targets) {
  Classification classification;
  classification.add(batch_of(at::zeros({targets.size(0), 3}), targets), outputs);
  return classification.result("live");
}

TEST(Classification, CountsWhatIsTakenForWhatOverAllBatches) {
  Classification classification;
  const at::Tensor inputs = at::zeros({2, 3});
  classification.add(batch_of(inputs, classes({0, 1})), Value(pairs({2., 0., 3., 0.})));
  classification.add(batch_of(inputs, classes({1, 1}), 2), Value(pairs({0., 2., 4., 0.})));
  const Json result = classification.result("slow");
  EXPECT_EQ(result["weights"], "slow");
  EXPECT_EQ(result["confusion"], Json::parse("[[1, 0], [2, 1]]"));
  EXPECT_EQ(result["confused"], Json::parse(R"([{"target": 1, "predicted": 0, "count": 2}])"));
  EXPECT_EQ(result["worst"][0]["index"], 3);
  EXPECT_NEAR(result["worst"][0]["probability"], std::exp(-4.) / (1 + std::exp(-4.)), 1e-12);
  EXPECT_NEAR(result["worst"][0]["loss"], 4 + std::log(1 + std::exp(-4.)), 1e-12);
  EXPECT_TRUE(result["worst"][0]["image"].is_null());
}

TEST(Classification, KeepsTheSixteenWorst) {
  Classification classification;
  for (int i = 0; i < 50; ++i) {
    const double score = i * 7 % 50;  // each of 0 to 49 once
    classification.add(batch_of(at::zeros({1, 3}), classes({1}), i), Value(pairs({score, 0.})));
  }
  const Json worst = classification.result("live")["worst"];
  ASSERT_EQ(worst.size(), 16u);
  for (std::size_t i = 0; i < worst.size(); ++i) {
    EXPECT_NEAR(worst[i]["loss"], 49 - static_cast<double>(i), 0.01);
  }
}

TEST(Classification, HasNoMatrixOfManyClasses) {
  const Json result = result_of(Value(at::eye(65)), at::arange(65) * 0);
  EXPECT_TRUE(result["confusion"].is_null());
  EXPECT_EQ(result["confused"].size(), 20u);
}

TEST(Classification, LeavesOutSamplesWithoutATarget) {
  const Json result = result_of(Value(at::eye(2)), classes({-100, 1}));
  EXPECT_EQ(result["confusion"], Json::parse("[[0, 0], [0, 1]]"));
  EXPECT_EQ(result["worst"].size(), 1u);
}

TEST(Classification, PutsWhatIsNoNumberFirst) {
  at::Tensor outputs = at::eye(3);
  outputs[2][0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(result_of(Value(outputs), classes({1, 1, 1}))["worst"][0]["index"], 2);
}

TEST(Classification, IsNothingForOtherShapes) {
  const at::Tensor targets = classes({0, 1});
  EXPECT_FALSE(result_of(Value(at::eye(2)), targets).is_null());
  EXPECT_TRUE(result_of(Value(at::zeros({2, 1})), targets).is_null());
  EXPECT_TRUE(result_of(Value(at::zeros({2, 2, 4})), targets).is_null());
  EXPECT_TRUE(result_of(Value(at::zeros({2, 2}, at::kLong)), targets).is_null());
  EXPECT_TRUE(result_of(Value(at::eye(2)), at::zeros({2})).is_null());
  EXPECT_TRUE(result_of(Value(at::eye(2)), classes({0, 2})).is_null());
  EXPECT_TRUE(result_of(Value(Value::List{Value(at::eye(2))}), targets).is_null());
  EXPECT_TRUE(Classification().result("live").is_null());
}

TEST(Classification, IsNothingWhereASampleHasSeveralTargets) {
  Classification classification;
  Batch batch = batch_of(at::zeros({4, 3}), classes({0, 1, 0, 1}));
  batch.indices.resize(2);
  batch.samples = 2;
  classification.add(batch, Value(pairs({2., 0., 3., 0., 1., 0., 0., 1.})));
  EXPECT_TRUE(classification.result("live").is_null());
  EXPECT_EQ(classification.problem(), "");
}

TEST(Classification, TellsWhatWentWrongAndThrowsNothing) {
  Classification classification;
  const at::Tensor too_few_images = at::zeros({1, 1, 2, 2});
  classification.add(batch_of(too_few_images, classes({0, 1})), Value(pairs({2., 0., 3., 0.})));
  EXPECT_NE(classification.problem(), "");
  EXPECT_TRUE(classification.result("live").is_null());
}

/// Width, height, depth and color of a PNG file: the first bytes, which base64 keeps apart.
Json image_of(const at::Tensor& inputs) {
  Classification classification;
  classification.add(batch_of(inputs, classes({0})), Value(pairs({1., 0.})));
  return classification.result("live")["worst"][0]["image"];
}

TEST(Classification, ShowsImagesOfOneOrThreeChannels) {
  const std::string start = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAA";
  for (const at::Tensor& inputs :
       {at::rand({1, 1, 8, 8}), at::rand({1, 3, 8, 8}), at::randn({1, 3, 200, 100}),
        at::randint(256, {1, 1, 8, 8}, at::kByte), at::zeros({1, 1, 1, 1})}) {
    EXPECT_EQ(image_of(inputs).get<std::string>().substr(0, start.size()), start);
  }
  EXPECT_TRUE(image_of(at::rand({1, 2, 8, 8})).is_null());
  EXPECT_TRUE(image_of(at::rand({1, 64})).is_null());
}

TEST(Classification, ShrinksLargeImagesAndStretchesNormalizedOnes) {
  at::Tensor black_and_white = at::full({1, 1, 4, 4}, -3.0);
  black_and_white.slice(3, 2).fill_(5.0);
  EXPECT_EQ(image_of(black_and_white), image_of((black_and_white + 3) / 8));
  const at::Tensor large = black_and_white.repeat_interleave(32, 2).repeat_interleave(32, 3);
  const at::Tensor small = black_and_white.repeat_interleave(16, 2).repeat_interleave(16, 3);
  EXPECT_EQ(image_of(large), image_of(small));
}

}  // namespace
}  // namespace knack::host
