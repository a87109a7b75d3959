// SPDX-License-Identifier: MIT
// Each method of knack::Tensor against LibTorch's own.
#include <cmath>

#include "tests/unit/sdk/host_operators.hpp"

namespace knack {
namespace {

/// `got` is exactly `expected`, in element type too.
void expect_same(const Tensor& got, const at::Tensor& expected) {
  ASSERT_TRUE(got.defined());
  EXPECT_EQ(unwrap(got).scalar_type(), expected.scalar_type());
  EXPECT_TRUE(at::equal(unwrap(got), expected)) << unwrap(got) << "\nexpected\n" << expected;
}

class TensorTest : public HostOperators {
 protected:
  const at::Tensor a_ = at::arange(1, 7, at::kFloat).reshape({2, 3}) / 4;
  const at::Tensor b_ = at::arange(6, 0, -1, at::kFloat).reshape({2, 3}) / 8;
  const Tensor a = wrap(a_);
  const Tensor b = wrap(b_);
};

TEST_F(TensorTest, TellsWhatItIs) {
  EXPECT_EQ(a.dtype(), Dtype::float32);
  EXPECT_EQ(a.dim(), 2);
  EXPECT_EQ(a.numel(), 6);
  EXPECT_EQ(a.size(0), 2);
  EXPECT_EQ(a.size(-1), 3);
  EXPECT_THROW((void)a.size(2), Error);
  EXPECT_EQ(a.data<float>()[5], 1.5F);
  EXPECT_THROW((void)a.data<double>(), Error);
  EXPECT_THROW((void)a.transpose(0, 1).data<float>(), Error);
  EXPECT_THROW((void)Tensor().dim(), Error);
}

TEST_F(TensorTest, IsMade) {
  expect_same(Tensor::zeros({2, 0, 3}, Dtype::int64), at::zeros({2, 0, 3}, at::kLong));
  expect_same(Tensor::zeros({3}), at::zeros({3}));
  expect_same(Tensor::zeros({3}, Dtype::bfloat16), at::zeros({3}, at::kBFloat16));
  const std::array<std::int64_t, 2> numbers{3, 4};
  const std::array<std::int64_t, 2> sizes{2, 1};
  expect_same(Tensor::from_data<std::int64_t>(numbers, sizes),
              at::tensor({3, 4}, at::kLong).reshape({2, 1}));
  EXPECT_THROW(Tensor::from_data<std::int64_t>(numbers, std::array<std::int64_t, 1>{3}), Error);
  expect_same(Tensor::zeros_like(a), at::zeros_like(a_));
  expect_same(Tensor::zeros_like(a, Dtype::float64), at::zeros_like(a_, at::kDouble));
  expect_same(Tensor::full_like(a, 2.5), at::full_like(a_, 2.5));
  EXPECT_EQ(Tensor::empty_like(a).numel(), 6);
}

TEST_F(TensorTest, CountsReferences) {
  const at::Tensor tensor = at::zeros({1});
  {
    const Tensor first = wrap(tensor);
    Tensor second = first;
    EXPECT_EQ(tensor.use_count(), 3);
    Tensor third = std::move(second);
    EXPECT_EQ(tensor.use_count(), 3);
    third = Tensor();
    EXPECT_EQ(tensor.use_count(), 2);
  }
  EXPECT_EQ(tensor.use_count(), 1);
}

TEST_F(TensorTest, Calculates) {
  expect_same(a + b, a_ + b_);
  expect_same(a - b, a_ - b_);
  expect_same(a * b, a_ * b_);
  expect_same(a / b, a_ / b_);
  expect_same(a + 2, a_ + 2);
  expect_same(3 - a, 3 - a_);
  expect_same(0.5 * a, 0.5 * a_);
  expect_same(a / 3.0, a_ / 3.0);
  expect_same(-a, -a_);
  expect_same(a.matmul(b.transpose(0, 1)), a_.matmul(b_.t()));
  expect_same((a - 1).abs().sqrt(), (a_ - 1).abs().sqrt());
  expect_same(a.exp().log().square().sigmoid(), a_.exp().log().square().sigmoid());
  expect_same(a.softmax(1), a_.softmax(1));
  expect_same(a.log_softmax(0), a_.log_softmax(0));
}

TEST_F(TensorTest, KeepsIntegersIntegers) {
  const at::Tensor integers = at::arange(3);
  expect_same(wrap(integers) + 1, integers + 1);
  expect_same(wrap(integers) + 1.0, integers + 1.0);
}

TEST_F(TensorTest, Reduces) {
  expect_same(a.sum(), a_.sum());
  expect_same(a.mean(), a_.mean());
  expect_same(a.max(), a_.max());
  expect_same(a.min(), a_.min());
  expect_same(a.norm(), a_.norm());
  expect_same(a.gt(1.0).all(), (a_ > 1).all());
  expect_same(a.gt(1.0).any(), (a_ > 1).any());
  expect_same(a.isfinite(), a_.isfinite());
  expect_same(a.sum({0}), a_.sum(0));
  expect_same(a.mean({0, 1}, true), a_.mean(at::IntArrayRef{0, 1}, true));
  expect_same(a.argmax(1), a_.argmax(1));
  const std::array<std::int64_t, 1> dims{0};
  const auto [variance, mean] = a.var_mean(dims, 0);
  expect_same(variance, a_.var(at::IntArrayRef{0}, false));
  expect_same(mean, a_.mean(0));
  const auto [values, indices] = a.topk(2);
  expect_same(values, std::get<0>(a_.topk(2)));
  expect_same(indices, std::get<1>(a_.topk(2)));
  EXPECT_EQ(a.sum().item(), a_.sum().item<double>());
  EXPECT_EQ(a.argmax(1).sum().item<std::int64_t>(), 4);
  EXPECT_TRUE(a.gt(0).all().item<bool>());
}

TEST_F(TensorTest, Compares) {
  expect_same(a.eq(b), a_ == b_);
  expect_same(a.ne(b), a_ != b_);
  expect_same(a.lt(b), a_ < b_);
  expect_same(a.gt(b), a_ > b_);
  expect_same(a.eq(0.5), a_ == 0.5);
  expect_same(a.ne(0.5), a_ != 0.5);
  expect_same(a.lt(1), a_ < 1);
}

TEST_F(TensorTest, IsReshaped) {
  expect_same(a.view({3, 2}), a_.view({3, 2}));
  expect_same(a.reshape({-1}), a_.reshape({-1}));
  expect_same(a.flatten(0), a_.flatten());
  expect_same(a.unsqueeze(1), a_.unsqueeze(1));
  expect_same(a.transpose(0, 1).contiguous(), a_.t().contiguous());
  expect_same(a.select(0, 1), a_.select(0, 1));
  expect_same(a.narrow(1, 1, 2), a_.narrow(1, 1, 2));
  expect_same(a.sum({0}, true).expand_as(a), a_.sum(0, true).expand_as(a_));
  const at::Tensor indices = at::tensor({2, 0}, at::kLong);
  expect_same(a.index_select(1, wrap(indices)), a_.index_select(1, indices));
  expect_same(a.gather(1, wrap(indices.unsqueeze(1))), a_.gather(1, indices.unsqueeze(1)));
  expect_same(a.to(Dtype::float64), a_.to(at::kDouble));
}

TEST_F(TensorTest, ChangesInPlace) {
  at::Tensor expected = a_.clone();
  Tensor tensor = a.clone();
  tensor += b;
  tensor -= 0.25;
  tensor *= b;
  tensor /= 2;
  tensor.lerp_(a, 0.1).clamp_(0.1, 0.9).add_(a).sub_(b).mul_(3).div_(b);
  expected.add_(b_).sub_(0.25).mul_(b_).div_(2);
  expected.lerp_(a_, 0.1).clamp_(0.1, 0.9).add_(a_).sub_(b_).mul_(3).div_(b_);
  expect_same(tensor, expected);
  expect_same(Tensor(tensor).zero_(), at::zeros_like(a_));
  expect_same(Tensor(tensor).fill_(2), at::full_like(a_, 2));
  expect_same(Tensor(tensor).copy_(a), a_);
  expect_same(tensor, a_);
}

TEST_F(TensorTest, TellsWhereItIsAndHow) {
  EXPECT_EQ(a.device(), Device("cpu"));
  EXPECT_TRUE(a.device().is_cpu());
  EXPECT_FALSE(a.device().is_cuda());
  EXPECT_EQ(a.strides()[0], 3);
  EXPECT_TRUE(a.is_contiguous());
  EXPECT_FALSE(a.transpose(0, 1).is_contiguous());
  EXPECT_TRUE(a.is_floating_point());
  EXPECT_FALSE(a.argmax(0).is_floating_point());
  EXPECT_FALSE(a.requires_grad());
  expect_same(a.to("cpu"), a_);
  expect_same(a.to("cpu", Dtype::float16), a_.to(at::kHalf));
  EXPECT_THROW((void)a.to("nowhere"), Error);
}

TEST_F(TensorTest, IsMadeOfNumbers) {
  expect_same(Tensor::ones({2}), at::ones({2}));
  expect_same(Tensor::zeros({2}, Dtype::int32, "cpu"), at::zeros({2}, at::kInt));
  expect_same(Tensor::full({2}, 3, Dtype::float64), at::full({2}, 3, at::kDouble));
  expect_same(Tensor::arange(2, 9, 3), at::arange(2, 9, 3));
  expect_same(Tensor::arange(0, 1, 0.25, Dtype::float32), at::arange(0, 1, 0.25, at::kFloat));
  expect_same(Tensor::ones_like(a), at::ones_like(a_));
  expect_same(Tensor::from_data<float>({1, 2}, {1, 2}), at::tensor({1.0F, 2.0F}).unsqueeze(0));
}

TEST_F(TensorTest, IsRandomFromTheInstancesStream) {
  at::manual_seed(3);
  const at::Tensor expected = at::rand({2});
  at::manual_seed(3);
  const Tensor uniform = Tensor::rand({1000}, Dtype::float64);
  EXPECT_TRUE(((uniform >= 0) * (uniform < 1)).all().item<bool>());
  EXPECT_NEAR(uniform.mean().item(), 0.5, 0.05);
  EXPECT_NEAR(Tensor::randn({1000}).norm().item() / std::sqrt(1000.0), 1, 0.1);
  const Tensor integers = Tensor::randint(-2, 2, {1000});
  EXPECT_EQ(integers.min().item<int>(), -2);
  EXPECT_EQ(integers.max().item<int>(), 1);
  expect_same(Tensor::randperm(50).sort()[0], at::arange(50));
  Tensor filled = Tensor::empty({1000}, Dtype::float32);
  EXPECT_NEAR(filled.uniform_(2, 4).mean().item(), 3, 0.1);
  EXPECT_NEAR(filled.normal_(1, 0).max().item(), 1, 1e-6);
  EXPECT_NEAR(filled.bernoulli_(0.25).sum().item(), 250, 60);
  EXPECT_TRUE(at::equal(at::rand({2}), expected)) << "LibTorch's default stream has moved";
}

TEST_F(TensorTest, CalculatesMore) {
  expect_same((a - 1).sign() + (a * 10).round() + (a * 10).floor(),
              (a_ - 1).sign() + (a_ * 10).round() + (a_ * 10).floor());
  expect_same(a.rsqrt() + a.reciprocal() + a.tanh(), a_.rsqrt() + a_.reciprocal() + a_.tanh());
  expect_same((a - 1).relu(), (a_ - 1).relu());
  expect_same(a.pow(1.5), a_.pow(1.5));
  expect_same(a.clamp(0.5, 1), a_.clamp(0.5, 1));
  expect_same(a.lerp(b, 0.25), a_.lerp(b_, 0.25));
  expect_same(2 / a, 2 / a_);
  expect_same(a.minimum(b) + a.maximum(b), at::minimum(a_, b_) + at::maximum(a_, b_));
  Tensor sum = a.clone();
  sum.add_(b, 2).addcmul_(a, b, 3).addcdiv_(a, b, 4);
  expect_same(sum, a_.clone().add_(b_, 2).addcmul_(a_, b_, 3).addcdiv_(a_, b_, 4));
}

TEST_F(TensorTest, OrdersAndReducesMore) {
  expect_same(a <= b, a_ <= b_);
  expect_same(a >= 1, a_ >= 1);
  expect_same(1 < a, a_ > 1);
  expect_same(0.5 >= a, a_ <= 0.5);
  expect_same((a > 1).logical_not().logical_and(b < 1).logical_or(a < 0.5),
              (a_ > 1).logical_not().logical_and(b_ < 1).logical_or(a_ < 0.5));
  expect_same(a.amax({0}) - a.amin({1}, true), a_.amax(0) - a_.amin(1, true));
  expect_same(a.norm(1), a_.norm(1));
  expect_same(a.norm(2, {1}, true), a_.norm(2, 1, true));
  expect_same(a.cumsum(1), a_.cumsum(1));
  expect_same(a.argmin(1), a_.argmin(1));
  const auto [values, indices] = a.sort(1, true);
  expect_same(values, std::get<0>(a_.sort(1, true)));
  expect_same(indices, std::get<1>(a_.sort(1, true)));
}

TEST_F(TensorTest, IsIndexedAndCut) {
  const at::Tensor index = at::tensor({1, 0}, at::kLong);
  expect_same(a[1][-1], a_[1][-1]);
  expect_same(a.slice(1, 0, 3, 2), a_.slice(1, 0, 3, 2));
  expect_same(a.permute({1, 0}).squeeze(1), a_.permute({1, 0}).squeeze(1));
  expect_same(a[0].expand({2, 3}), a_[0].expand({2, 3}));
  expect_same(a.flip({0, 1}).roll({1}, {1}), a_.flip({0, 1}).roll({1}, {1}));
  expect_same(a.masked_fill(a > 1, 0), a_.masked_fill(a_ > 1, 0));
  expect_same(a.masked_select(a > 1), a_.masked_select(a_ > 1));
  expect_same(a.clone().masked_fill_(a > 1, 2), a_.masked_fill(a_ > 1, 2));
  expect_same(a.clone().index_add_(0, wrap(index), b), a_.index_add(0, index, b_));
  expect_same(a.clone().scatter_(0, wrap(index.unsqueeze(0)), b),
              a_.scatter(0, index.unsqueeze(0), b_));
  ASSERT_EQ(a.chunk(2, 1).size(), 2U);
  expect_same(a.chunk(2, 1)[1], a_.chunk(2, 1)[1]);
  expect_same(a.split(2, 1)[0], a_.split(2, 1)[0]);
  ASSERT_EQ(a.unbind(1).size(), 3U);
  expect_same(a.unbind(1)[2], a_.unbind(1)[2]);
}

TEST_F(TensorTest, IsDifferentiable) {
  at::Tensor parameter = a_.clone().set_requires_grad(true);
  const at::AutoGradMode enabled(true);
  const Tensor loss = (wrap(parameter) * b).sum() + wrap(parameter).detach().sum();
  unwrap(loss).backward();
  expect_same(wrap(parameter.grad()), b_);
}

}  // namespace
}  // namespace knack
