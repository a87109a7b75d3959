// SPDX-License-Identifier: MIT
#include <knack/sdk/norm_statistics.hpp>

#include "tests/unit/sdk/host_operators.hpp"

namespace knack {
namespace {

class MomentsTest : public HostOperators {};

/// Moments of (samples, 2, 3, 3) inputs of unequal batches, and all their values by channel in
/// fp64.
struct Pooled {
  Moments moments;
  at::Tensor values;

  explicit Pooled(double offset, double scale, at::ScalarType dtype) {
    at::Tensor all = at::linspace(-1, 1, 7 * 2 * 9, at::kDouble).sin().reshape({7, 2, 3, 3});
    all = (all * scale + offset).to(dtype);
    for (const at::Tensor& part : all.split_with_sizes({4, 1, 2})) moments.add(wrap(part));
    values = all.to(at::kDouble).transpose(0, 1).flatten(1);
  }
};

void expect_close(const Tensor& got, const at::Tensor& expected, double relative) {
  EXPECT_EQ(got.dtype(), Dtype::float64);
  EXPECT_TRUE(at::allclose(unwrap(got), expected, relative, 0)) << unwrap(got) << expected;
}

TEST_F(MomentsTest, AreThoseOfAllBatchesTogether) {
  const Pooled pooled(0.5, 2, at::kDouble);
  EXPECT_EQ(pooled.moments.count(), 7 * 9);
  expect_close(pooled.moments.mean(), pooled.values.mean(1), 1e-14);
  expect_close(pooled.moments.variance(), pooled.values.var(1, false), 1e-14);
}

TEST_F(MomentsTest, DoNotCancelWhereTheMeanIsLarge) {
  const Pooled pooled(30, 0.01, at::kFloat);
  expect_close(pooled.moments.variance(), pooled.values.var(1, false), 1e-3);
}

TEST_F(MomentsTest, OfReducedPrecisionAreTakenInFp32) {
  const Pooled pooled(0.5, 2, at::kBFloat16);
  expect_close(pooled.moments.mean(), pooled.values.mean(1), 1e-6);
  expect_close(pooled.moments.variance(), pooled.values.var(1, false), 1e-6);
}

TEST_F(MomentsTest, OfNothingAreUndefined) {
  Moments moments;
  moments.add(wrap(at::zeros({0, 3, 4})));
  EXPECT_EQ(moments.count(), 0);
  EXPECT_FALSE(moments.mean().defined());
}

}  // namespace
}  // namespace knack
