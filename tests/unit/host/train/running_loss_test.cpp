// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/train/loop.hpp"

namespace knack::host {
namespace {

TEST(RunningLoss, IsTheMeanWeightedByWhatEachMicroBatchCounts) {
  RunningLoss loss;
  loss.add(at::scalar_tensor(1.0F), 30);
  loss.add(at::scalar_tensor(4.0F), 10);
  EXPECT_DOUBLE_EQ(loss.mean(), 1.75);
}

TEST(RunningLoss, IsNaNBeforeTheFirstBatchAndAfterAReset) {
  RunningLoss loss;
  EXPECT_TRUE(std::isnan(loss.mean()));
  loss.add(at::scalar_tensor(1.0F), 1);
  loss.reset();
  EXPECT_TRUE(std::isnan(loss.mean()));
  loss.add(at::scalar_tensor(2.0F), 1);
  EXPECT_DOUBLE_EQ(loss.mean(), 2.0);
}

TEST(RunningLoss, KeepsNoGraph) {
  RunningLoss loss;
  at::Tensor weight = at::ones({});
  weight.requires_grad_(true);
  loss.add(weight * 3, 1);
  EXPECT_DOUBLE_EQ(loss.mean(), 3.0);
}

}  // namespace
}  // namespace knack::host
