// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>

#include "tests/unit/sdk/host_operators.hpp"

namespace knack {
namespace {

class OperatorTest : public HostOperators {};

TEST_F(OperatorTest, TakesEveryKindOfArgument) {
  const Operator full("aten::full");
  const Tensor tensor = full(IntList{2, 3}, 7, Dtype::float64, std::nullopt, "cpu", false);
  EXPECT_TRUE(at::equal(unwrap(tensor), at::full({2, 3}, 7, at::kDouble)));
  const Operator clamp("aten::clamp");
  EXPECT_EQ(clamp(tensor, Tensor(), 5.0).max().item(), 5.0);
}

TEST_F(OperatorTest, GivesAListOfTensors) {
  const Operator split("aten::split", "Tensor");
  const std::vector<Tensor> parts = split.list(wrap(at::arange(5)), 2);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[2].item(), 4.0);
}

TEST_F(OperatorTest, ThatDoesNotExistIsNotFound) {
  try {
    op("aten::no_such_operator");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), KNACK_STATUS_NOT_FOUND);
    EXPECT_NE(std::string(error.what()).find("aten::no_such_operator"), std::string::npos);
  }
}

TEST_F(OperatorTest, ThrowsTheMessageOfLibTorch) {
  try {
    (void)wrap(at::zeros({2, 3})).matmul(wrap(at::zeros({2, 3})));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("cannot be multiplied"), std::string::npos)
        << error.what();
  }
}

TEST_F(OperatorTest, ForeachOperatorsWorkOnLists) {
  at::Tensor first = at::zeros({2});
  at::Tensor second = at::ones({3});
  const Tensor a = wrap(first);
  const Tensor b = wrap(second);
  const Tensor c = wrap(at::full({2}, 4.0F));
  const Tensor d = wrap(at::full({3}, 5.0F));
  TensorList targets;
  targets.push_back(a);
  targets.push_back(b);
  TensorList sources;
  sources.push_back(c);
  sources.push_back(d);
  foreach_lerp_(targets, sources, 0.25);
  EXPECT_TRUE(at::equal(first, at::full({2}, 1.0F)));
  EXPECT_TRUE(at::equal(second, at::full({3}, 2.0F)));
  foreach_add_(targets, sources, 0.5);
  EXPECT_TRUE(at::equal(first, at::full({2}, 3.0F)));
  foreach_mul_(targets, 2);
  EXPECT_TRUE(at::equal(second, at::full({3}, 9.0F)));
  foreach_copy_(targets, sources);
  EXPECT_TRUE(at::equal(second, at::full({3}, 5.0F)));
  foreach_zero_(targets);
  EXPECT_TRUE(at::equal(first, at::zeros({2})));
  foreach_lerp_(TensorList(), TensorList(), 0.5);
}

TEST_F(OperatorTest, MoreForeachOperators) {
  const Tensor a = wrap(at::full({2}, 4.0F));
  const Tensor b = wrap(at::full({2}, 2.0F));
  const std::vector<Tensor> targets{a};
  const std::vector<Tensor> sources{b};
  foreach_sub_(targets, sources, 0.5);
  EXPECT_EQ(a[0].item(), 3.0);
  foreach_mul_(targets, sources);
  EXPECT_EQ(a[0].item(), 6.0);
  foreach_div_(targets, sources);
  EXPECT_EQ(a[0].item(), 3.0);
  foreach_mul_(targets, Tensor::full({}, 2));
  EXPECT_EQ(a[0].item(), 6.0);
  foreach_addcmul_(targets, sources, sources, 0.5);
  EXPECT_EQ(a[0].item(), 8.0);
  foreach_addcdiv_(targets, sources, sources, 3);
  EXPECT_EQ(a[0].item(), 11.0);
  EXPECT_EQ(foreach_norm(targets, 1)[0].item(), 22.0);
}

TEST_F(OperatorTest, TakesListsOfNumbersAndOfMissingTensors) {
  const Tensor x = wrap(at::arange(4).reshape({2, 2}).to(at::kFloat));
  const Operator scale("aten::_foreach_mul_", "ScalarList");
  const std::vector<Tensor> tensors{x};
  scale.run(TensorList(tensors), ScalarList{2.0});
  EXPECT_EQ(x[1][1].item(), 6.0);
  const Operator index("aten::index", "Tensor");
  const Tensor column = wrap(at::tensor({1}, at::kLong));
  TensorList indices;
  indices.push_back(Tensor().handle());
  indices.push_back(column);
  EXPECT_TRUE(at::equal(unwrap(index(x, indices)), unwrap(x).slice(1, 1, 2)));
}

}  // namespace
}  // namespace knack
