// SPDX-License-Identifier: MIT
// The objective "cross_entropy" against its formulas.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "host/plugin/kinds/objective.hpp"
#include "tests/support/error_message.hpp"
#include "tests/unit/plugins/first_party.hpp"

namespace knack::host {
namespace {

using ::knack::testing::error_message;
using ::knack::testing::make_first_party;
using ::testing::HasSubstr;

/// Logits of `samples` in double precision, the same in every call, recorded as a model's are.
at::Tensor logits(std::int64_t samples, std::int64_t classes) {
  const auto count = static_cast<double>(samples * classes);
  return at::arange(count, at::kDouble)
      .mul(1.7)
      .sin()
      .mul(3)
      .view({samples, classes})
      .requires_grad_();
}

at::Tensor labels(std::initializer_list<std::int64_t> values) {
  return at::tensor(std::vector<std::int64_t>(values), at::kLong);
}

/// -sum(q * log_softmax(x)) / n with q the target smoothed over all classes, the definition.
double smoothed_loss(const at::Tensor& scores, const at::Tensor& classes, double smoothing) {
  const std::int64_t count = scores.size(1);
  const at::Tensor target = at::one_hot(classes, count).to(at::kDouble) * (1 - smoothing) +
                            smoothing / static_cast<double>(count);
  return -(target * at::log_softmax(scores, 1)).sum(1).mean().item<double>();
}

TEST(CrossEntropy, IsTheMeanOfTheSmoothedNegativeLogLikelihood) {
  const at::Tensor scores = logits(4, 7);
  const at::Tensor classes = labels({0, 6, 2, 2});
  for (const double smoothing : {0.0, 0.1, 0.9}) {
    Objective objective =
        make_first_party<Objective>("cross_entropy", {{"label_smoothing", smoothing}});
    const at::Tensor loss = objective.loss(scores, classes);
    EXPECT_EQ(loss.dim(), 0);
    EXPECT_NEAR(loss.item<double>(), smoothed_loss(scores, classes, smoothing), 1e-12);
  }
}

TEST(CrossEntropy, IsRecordedByAutograd) {
  Objective objective = make_first_party<Objective>("cross_entropy");
  const at::Tensor scores = logits(3, 4);
  objective.loss(scores, labels({0, 1, 3})).backward();
  const at::Tensor expected =
      (at::softmax(scores.detach(), 1) - at::one_hot(labels({0, 1, 3}), 4)) / 3;
  EXPECT_TRUE(at::allclose(scores.grad(), expected, 1e-12, 1e-12));
}

TEST(CrossEntropy, TakesSharesOfClassesAsTargets) {
  Objective objective = make_first_party<Objective>("cross_entropy");
  const at::Tensor scores = logits(3, 4);
  const at::Tensor shares = at::softmax(logits(3, 4).flip(0), 1);
  const double expected = -(shares * at::log_softmax(scores, 1)).sum(1).mean().item<double>();
  EXPECT_NEAR(objective.loss(scores, shares).item<double>(), expected, 1e-12);
  EXPECT_EQ(objective.weight(shares, 3), 3);
}

TEST(CrossEntropy, WeighsByTheTargetsThatCount) {
  Objective all = make_first_party<Objective>("cross_entropy");
  EXPECT_EQ(all.weight(labels({0, 1, 2}), 3), 3);
  Objective some = make_first_party<Objective>("cross_entropy", {{"ignore_index", 1}});
  const at::Tensor scores = logits(3, 4);
  EXPECT_EQ(some.weight(labels({0, 1, 2}), 3), 2);
  const at::Tensor kept = scores.index_select(0, labels({0, 2}));
  EXPECT_NEAR(some.loss(scores, labels({0, 1, 2})).item<double>(),
              smoothed_loss(kept, labels({0, 2}), 0), 1e-12);
}

TEST(CrossEntropy, IsZeroWhenNoTargetCounts) {
  Objective objective = make_first_party<Objective>("cross_entropy", {{"ignore_index", 1}});
  const at::Tensor scores = logits(2, 4);
  EXPECT_EQ(objective.weight(labels({1, 1}), 2), 0);
  const at::Tensor loss = objective.loss(scores, labels({1, 1}));
  EXPECT_EQ(loss.item<double>(), 0);
  loss.backward();
  EXPECT_TRUE(at::equal(scores.grad(), at::zeros_like(scores)));
}

TEST(CrossEntropy, AveragesMetricsOverSamplesOfUnevenBatches) {
  Objective objective = make_first_party<Objective>("cross_entropy", {{"label_smoothing", 0.1}});
  const at::Tensor scores = logits(7, 9);
  const at::Tensor classes = labels({8, 0, 3, 1, 4, 2, 7});
  objective.metrics_begin();
  objective.metrics_update(scores.narrow(0, 0, 5), classes.narrow(0, 0, 5));
  objective.metrics_update(scores.narrow(0, 5, 2), classes.narrow(0, 5, 2));
  const Value metrics = objective.metrics_result();
  // How many classes score higher than the right one.
  const at::Tensor rank = scores.gt(scores.gather(1, classes.unsqueeze(1))).sum(1);
  EXPECT_NEAR(*metrics.find("loss")->number(), smoothed_loss(scores, classes, 0.1), 1e-12);
  EXPECT_EQ(metrics.find("top1")->number(), rank.eq(0).sum().item<double>() / 7);
  EXPECT_EQ(metrics.find("top5")->number(), rank.lt(5).sum().item<double>() / 7);
}

TEST(CrossEntropy, BeginsEachEvaluationAnew) {
  Objective objective = make_first_party<Objective>("cross_entropy");
  const at::Tensor scores = at::tensor({5.0, 0.0, 0.0, 5.0}).view({2, 2});
  for (int evaluation = 0; evaluation < 2; ++evaluation) {
    objective.metrics_begin();
    objective.metrics_update(scores, labels({0, 0}));
    EXPECT_EQ(objective.metrics_result().find("top1")->number(), 0.5);
  }
}

TEST(CrossEntropy, LeavesTop5OutForFiveClassesAndFewer) {
  Objective objective = make_first_party<Objective>("cross_entropy");
  for (const std::int64_t classes : {5, 6}) {
    objective.metrics_begin();
    objective.metrics_update(logits(3, classes), labels({0, 1, 2}));
    const Value metrics = objective.metrics_result();
    EXPECT_NE(metrics.find("top1"), nullptr);
    EXPECT_EQ(metrics.find("top5") != nullptr, classes > 5);
  }
}

TEST(CrossEntropy, LeavesIgnoredTargetsOutOfTheMetrics) {
  Objective objective = make_first_party<Objective>("cross_entropy", {{"ignore_index", 1}});
  const at::Tensor scores = at::tensor({5.0, 0.0, 0.0, 5.0, 5.0, 0.0}).view({3, 2});
  objective.metrics_begin();
  objective.metrics_update(scores, labels({0, 1, 0}));
  EXPECT_EQ(objective.metrics_result().find("top1")->number(), 1);
}

TEST(CrossEntropy, TakesAMapOfClassesPerPixel) {
  Objective objective = make_first_party<Objective>("cross_entropy");
  const at::Tensor scores = logits(2 * 3 * 4, 5).view({2, 3, 4, 5});
  const at::Tensor classes = at::arange(24).remainder(5).view({2, 3, 4});
  const at::Tensor outputs = scores.permute({0, 3, 1, 2});
  EXPECT_EQ(objective.weight(classes, 2), 24);
  EXPECT_NEAR(objective.loss(outputs, classes).item<double>(),
              smoothed_loss(scores.reshape({24, 5}), classes.flatten(), 0), 1e-12);
  objective.metrics_begin();
  objective.metrics_update(outputs, classes);
  const double right = scores.argmax(3).eq(classes).sum().item<double>();
  EXPECT_EQ(objective.metrics_result().find("top1")->number(), right / 24);
}

TEST(CrossEntropy, ComputesInSinglePrecisionFromHalf) {
  Objective objective = make_first_party<Objective>("cross_entropy");
  const at::Tensor scores = logits(4, 7).to(at::kBFloat16);
  const at::Tensor loss = objective.loss(scores, labels({0, 1, 2, 3}));
  EXPECT_EQ(loss.scalar_type(), at::kFloat);
  EXPECT_NEAR(loss.item<double>(), smoothed_loss(scores.to(at::kDouble), labels({0, 1, 2, 3}), 0),
              1e-5);
}

TEST(CrossEntropy, RefusesWhatItCannotScore) {
  Objective objective = make_first_party<Objective>("cross_entropy");
  EXPECT_THAT(
      error_message(ExitCode::training, [&] { objective.loss(logits(2, 3)[0], labels({1})); }),
      HasSubstr("expected a tensor (samples, classes, ...), found one of 1 dimensions"));
  EXPECT_THAT(
      error_message(ExitCode::training, [&] { objective.loss(Value(Value::List{}), labels({1})); }),
      HasSubstr("expected a tensor, found a list"));
  EXPECT_THAT(
      error_message(ExitCode::training, [&] { objective.loss(logits(2, 3), labels({1, -100})); }),
      HasSubstr("targets hold class -100, but the model has 3 outputs (classes 0 to 2); set "
                "ignore_index to it when such targets are to count for nothing"));
}

TEST(CrossEntropy, NamesATargetThatIsNoClassOfTheModel) {
  Objective objective = make_first_party<Objective>("cross_entropy", {{"ignore_index", 9}});
  const std::string expected =
      "targets hold class 5, but the model has 5 outputs (classes 0 to 4); set num_classes of the "
      "model or of the dataset";
  EXPECT_THAT(
      error_message(ExitCode::training, [&] { objective.loss(logits(3, 5), labels({1, 5, 9})); }),
      HasSubstr(expected));
  objective.metrics_begin();
  EXPECT_THAT(error_message(ExitCode::training,
                            [&] { objective.metrics_update(logits(3, 5), labels({1, 5, 9})); }),
              HasSubstr(expected));
  // What has another cause keeps LibTorch's words.
  EXPECT_THAT(
      error_message(ExitCode::training, [&] { objective.loss(logits(3, 5), labels({1, 2})); }),
      HasSubstr("batch_size"));
}

}  // namespace
}  // namespace knack::host
