// SPDX-License-Identifier: MIT
// Layers, losses and list operators of the wrapper against LibTorch's own.
#include <ATen/ATen.h>
#include <knack/sdk/functional.hpp>

#include <cmath>

#include "tests/unit/sdk/host_operators.hpp"

namespace knack {
namespace {

void expect_same(const Tensor& found, const at::Tensor& expected) {
  ASSERT_TRUE(found.defined());
  ASSERT_EQ(unwrap(found).sizes(), expected.sizes());
  ASSERT_EQ(unwrap(found).scalar_type(), expected.scalar_type());
  EXPECT_TRUE(at::equal(unwrap(found), expected)) << unwrap(found) << expected;
}

class FunctionalTest : public HostOperators {
 protected:
  FunctionalTest() {
    at::manual_seed(1);
    image = at::randn({2, 4, 6, 6});
    kernel = at::randn({8, 2, 3, 3});
    bias = at::randn({8});
    logits = at::randn({5, 3});
    classes = at::tensor({0, 2, 1, 1, 0}, at::kLong);
  }

  at::Tensor image, kernel, bias, logits, classes;
};

TEST_F(FunctionalTest, Layers) {
  const at::Tensor weight = at::randn({7, 3});
  expect_same(linear(wrap(logits), wrap(weight)), at::linear(logits, weight));
  expect_same(linear(wrap(logits), wrap(weight), wrap(weight.select(1, 0))),
              at::linear(logits, weight, weight.select(1, 0)));
  const ConvOptions options{.stride = 2, .padding = {1, 0}, .groups = 2};
  expect_same(conv2d(wrap(image), wrap(kernel), wrap(bias), options),
              at::conv2d(image, kernel, bias, {2, 2}, {1, 0}, {1, 1}, 2));
  expect_same(layer_norm(wrap(logits), {3}), at::layer_norm(logits, {3}));
  expect_same(embedding(wrap(weight), wrap(classes)), at::embedding(weight, classes));
}

TEST_F(FunctionalTest, BatchNormUpdatesTheRunningStatistics) {
  const at::Tensor scale = at::randn({4});
  at::Tensor mean = at::zeros({4}), expected_mean = mean.clone();
  at::Tensor variance = at::ones({4}), expected_variance = variance.clone();
  expect_same(
      batch_norm(wrap(image), wrap(scale), Tensor(), wrap(mean), wrap(variance),
                 {.training = true, .momentum = 0.2}),
      at::batch_norm(image, scale, {}, expected_mean, expected_variance, true, 0.2, 1e-5, true));
  EXPECT_TRUE(at::equal(mean, expected_mean));
  EXPECT_TRUE(at::equal(variance, expected_variance));
  EXPECT_FALSE(at::equal(mean, at::zeros({4})));
}

TEST_F(FunctionalTest, PoolsAndResizes) {
  expect_same(max_pool2d(wrap(image), 2), at::max_pool2d(image, {2, 2}));
  expect_same(max_pool2d(wrap(image), {3, 2}, 2, 1), at::max_pool2d(image, {3, 2}, {2, 2}, {1, 1}));
  expect_same(avg_pool2d(wrap(image), 2), at::avg_pool2d(image, {2, 2}));
  expect_same(adaptive_avg_pool2d(wrap(image), 1), at::adaptive_avg_pool2d(image, {1, 1}));
  expect_same(upsample_bilinear2d(wrap(image), {9, 3}),
              at::upsample_bilinear2d(image, {9, 3}, false));
}

TEST_F(FunctionalTest, Losses) {
  const Tensor x = wrap(logits);
  const at::Tensor weight = at::tensor({1.0F, 2.0F, 0.5F});
  expect_same(cross_entropy(x, wrap(classes)), at::cross_entropy_loss(logits, classes));
  expect_same(
      cross_entropy(x, wrap(classes),
                    {.weight = wrap(weight), .reduction = Reduction::sum, .label_smoothing = 0.1}),
      at::cross_entropy_loss(logits, classes, weight, at::Reduction::Sum, -100, 0.1));
  expect_same(nll_loss(x.log_softmax(1), wrap(classes), Reduction::none),
              at::nll_loss(logits.log_softmax(1), classes, {}, at::Reduction::None));
  const at::Tensor target = at::rand_like(logits);
  expect_same(mse_loss(x, wrap(target)), at::mse_loss(logits, target));
  expect_same(binary_cross_entropy_with_logits(x, wrap(target)),
              at::binary_cross_entropy_with_logits(logits, target));
  expect_same(one_hot(wrap(classes), 3), at::one_hot(classes, 3));
}

TEST_F(FunctionalTest, ChoosesByACondition) {
  const Tensor x = wrap(logits);
  expect_same(where(x > 0, x, -x), logits.abs());
  expect_same(where(x > 0, x, 0), logits.clamp_min(0));
}

TEST_F(FunctionalTest, DropoutDrawsFromTheInstancesStream) {
  at::manual_seed(7);
  const at::Tensor expected = at::rand({3});
  at::manual_seed(7);
  const Tensor ones = wrap(at::ones({1000}));
  const Tensor dropped = dropout(ones, 0.25);
  EXPECT_TRUE(at::equal(at::rand({3}), expected)) << "LibTorch's default stream has moved";
  const at::Tensor kept = unwrap(dropped).gt(0);
  EXPECT_NEAR(kept.sum().item<double>(), 750, 60);
  EXPECT_TRUE(at::allclose(unwrap(dropped), kept.to(at::kFloat) / 0.75));
  expect_same(dropout(ones, 0), at::ones({1000}));
  expect_same(dropout(ones, 1), at::zeros({1000}));
}

TEST_F(FunctionalTest, ListsAreJoined) {
  const at::Tensor a = at::ones({2, 2}), b = at::zeros({1, 2});
  expect_same(cat({wrap(a), wrap(b)}), at::cat({a, b}));
  expect_same(cat(wrap(a).chunk(2, 1), 0), at::cat(a.chunk(2, 1), 0));
  expect_same(stack({wrap(a), wrap(a)}, 2), at::stack({a, a}, 2));
}

TEST_F(FunctionalTest, TensorsAreClippedTogetherAsInPython) {
  const Tensor a = wrap(at::full({2}, 3.0F));
  const Tensor b = wrap(at::full({2}, 4.0F));
  const std::vector<Tensor> tensors{a, b};
  const double norm = std::sqrt(50.0);
  EXPECT_NEAR(clip_norm_(tensors, 100).item(), norm, 1e-6);
  EXPECT_EQ(a[0].item(), 3.0) << "what is shorter already stays";
  EXPECT_NEAR(clip_norm_(tensors, 1).item(), norm, 1e-6);
  EXPECT_NEAR(a[0].item(), 3 / (norm + 1e-6), 1e-6);
  EXPECT_NEAR(total_norm(tensors).item(), 1, 1e-5);
  EXPECT_FALSE(clip_norm_(TensorList(), 1).defined());
}

}  // namespace
}  // namespace knack
