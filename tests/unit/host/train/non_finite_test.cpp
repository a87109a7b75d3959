// SPDX-License-Identifier: MIT
#include "host/train/non_finite.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "host/train/non_finite_operator.hpp"

namespace knack::host {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

class EachType : public ::testing::TestWithParam<at::ScalarType> {};

INSTANTIATE_TEST_SUITE_P(NonFinite, EachType,
                         ::testing::Values(at::kFloat, at::kDouble, at::kBFloat16, at::kHalf,
                                           at::kComplexFloat));

TEST_P(EachType, FindsASingleBadNumberAnywhere) {
  for (const std::int64_t size : {1, 7, 64, 1001}) {
    const at::Tensor tensor = at::randn({size}).to(GetParam());
    EXPECT_EQ(worst_number(tensor), Numbers::finite);
    for (const std::int64_t place : {std::int64_t{0}, size / 2, size - 1}) {
      for (const double bad : {kNaN, -kNaN, kInfinity, -kInfinity}) {
        at::Tensor spoilt = tensor.clone();
        spoilt[place].fill_(bad);
        EXPECT_FALSE(is_finite(spoilt));
        EXPECT_EQ(worst_number(spoilt), std::isnan(bad) ? Numbers::nan : Numbers::infinite);
      }
    }
  }
}

TEST(NonFiniteNumbers, TheLargestAndTheSmallestAreFinite) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf}) {
    const double largest = type == at::kHalf     ? 65504.0
                           : type == at::kDouble ? std::numeric_limits<double>::max()
                                                 : 3.3e38;
    const at::Tensor edges = at::tensor({largest, -largest, 0.0, -0.0, 1e-45}, at::kDouble);
    EXPECT_TRUE(is_finite(edges.to(type))) << type;
  }
  EXPECT_TRUE(is_finite(at::tensor({1, 2, 3})));
  EXPECT_TRUE(is_finite(at::empty({0})));
}

TEST(NonFiniteNumbers, TensorsOfEveryLayoutAreLookedThrough) {
  at::Tensor image = at::rand({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast);
  EXPECT_TRUE(is_finite(image));
  image[1][2][3][4].fill_(kNaN);
  EXPECT_FALSE(is_finite(image));

  at::Tensor wide = at::full({4, 8}, kNaN);
  at::Tensor columns = wide.narrow(1, 2, 3).fill_(1.0);
  EXPECT_TRUE(is_finite(columns));
  columns[3][2].fill_(kInfinity);
  EXPECT_EQ(worst_number(columns), Numbers::infinite);

  const at::Tensor places = at::tensor({0, 2}, at::kLong).unsqueeze(0);
  EXPECT_TRUE(is_finite(at::sparse_coo_tensor(places, at::tensor({1.0, 2.0}), {5})));
  EXPECT_EQ(worst_number(at::sparse_coo_tensor(places, at::tensor({1.0, kNaN}), {5})),
            Numbers::nan);
}

TEST(NonFiniteNumbers, AWindowIsReadWithLossesAndGradients) {
  at::Tensor parameter = at::ones({3}).requires_grad_(true);
  parameter.mutable_grad() = at::ones({3});
  const std::vector<std::vector<at::Tensor>> groups = {{parameter, at::ones({2})}};
  std::vector<MicroBatch> window(2);
  window[0].loss = at::scalar_tensor(0.5F);
  WindowNumbers numbers = read_numbers(window, groups);
  EXPECT_EQ(numbers.losses, (std::vector<double>{0.5, 0.0}));
  EXPECT_TRUE(numbers.are_finite());
  window[1].loss = at::scalar_tensor(kInfinity);
  numbers = read_numbers(window, groups);
  EXPECT_TRUE(numbers.finite_gradients);
  EXPECT_FALSE(numbers.are_finite());
  window[1].loss = at::Tensor();
  parameter.mutable_grad()[1].fill_(kNaN);
  EXPECT_FALSE(read_numbers(window, groups).are_finite());
}

TEST(RandomStreamMark, GoesBackAlsoBetweenTheTwoNumbersOfANormalPair) {
  at::manual_seed(1);
  at::normal(0.0, 1.0, {1});
  const RandomStreamMark mark(at::kCPU);
  const at::Tensor expected = at::cat({at::normal(0.0, 1.0, {3}), at::rand({20})});
  mark.go_back();
  EXPECT_TRUE(at::equal(at::cat({at::normal(0.0, 1.0, {3}), at::rand({20})}), expected));
}

TEST(TensorKeeper, PutsBackWhatItKeptLast) {
  at::Tensor mean = at::ones({4});
  at::Tensor count = at::tensor({7});
  TensorKeeper keeper({mean, count});
  for (const int round : {2, 3}) {
    mean.fill_(round);
    count.fill_(round);
    keeper.keep();
    mean.fill_(kNaN);
    count.add_(1);
    keeper.put_back();
    EXPECT_TRUE(at::equal(mean, at::full({4}, round, at::kFloat)));
    EXPECT_EQ(count.item<int>(), round);
  }
}

ModelTensor parameter(const std::string& name, const at::Tensor& tensor) {
  ModelTensor entry;
  entry.name = name;
  entry.tensor = tensor;
  return entry;
}

ModelTensor buffer(const std::string& name, const at::Tensor& tensor) {
  ModelTensor entry = parameter(name, tensor);
  entry.is_buffer = true;
  return entry;
}

/// Weights and a mask of one head of attention, as models write it.
class FindNonFiniteOperator : public ::testing::Test {
 protected:
  at::Tensor attend(const at::Tensor& inputs) const {
    const at::Tensor queries = at::linear(inputs, query_);
    const at::Tensor future = at::ones({4, 4}, at::kBool).triu(1);
    const at::Tensor mask = at::zeros({4, 4}).masked_fill(future, -kInfinity);
    const at::Tensor scores = at::matmul(queries, inputs.t()) + mask;
    return at::linear(at::relu(at::matmul(scores.softmax(-1), inputs)), value_);
  }
  std::optional<NonFiniteOperator> find(const at::Tensor& inputs) const {
    return find_non_finite_operator(tensors(), [&] { attend(inputs); });
  }
  std::vector<ModelTensor> tensors() const {
    return {parameter("block.0.query.weight", query_), parameter("block.0.value.weight", value_),
            buffer("block.0.norm.running_mean", statistic_)};
  }

  at::Tensor query_ = at::ones({8, 8});
  at::Tensor value_ = at::ones({8, 8});
  at::Tensor statistic_ = at::full({8}, kNaN);
  at::Tensor inputs_ = at::rand({4, 8});
};

TEST_F(FindNonFiniteOperator, TakesAMaskForNoFault) {
  EXPECT_FALSE(find(inputs_).has_value());
}

TEST_F(FindNonFiniteOperator, NamesTheLayerWhoseProductsOverflow) {
  value_.fill_(3e38);
  const auto found = find(inputs_);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->layer, "block.0.value");
  EXPECT_TRUE(found->uses_layer);
}

TEST_F(FindNonFiniteOperator, NamesTheLayerBeforeAnOperatorWithoutParameters) {
  const auto found = find_non_finite_operator(
      tensors(), [&] { at::log(at::linear(inputs_, value_) - 1e30).relu(); });
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->name, "aten::log");
  EXPECT_EQ(found->layer, "block.0.value");
  EXPECT_FALSE(found->uses_layer);
}

TEST_F(FindNonFiniteOperator, FindsNaNThatAFullMaskGives) {
  const auto found =
      find_non_finite_operator(tensors(), [&] { at::full({2, 2}, -kInfinity).softmax(-1); });
  ASSERT_TRUE(found.has_value());
  EXPECT_NE(found->name.find("softmax"), std::string::npos);
  EXPECT_EQ(found->layer, "");
}

TEST_F(FindNonFiniteOperator, BlamesALayerThoughItsStatisticsAreSpoiltAlready) {
  const at::Tensor scale = at::full({8}, 3e38);
  const std::vector<ModelTensor> layer = {parameter("norm.weight", scale),
                                          buffer("norm.running_mean", statistic_)};
  const auto found = find_non_finite_operator(layer, [&] {
    at::batch_norm(inputs_ * 100, scale, {}, statistic_, statistic_, true, 0.1, 1e-5, false);
  });
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->layer, "norm");
}

TEST_F(FindNonFiniteOperator, SeesNothingWhenTheInputsAreBadAlready) {
  EXPECT_FALSE(find(at::full({4, 8}, kNaN)).has_value());
}

}  // namespace
}  // namespace knack::host
