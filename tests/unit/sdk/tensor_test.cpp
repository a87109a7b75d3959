// SPDX-License-Identifier: MIT
// Each method of knack::Tensor against LibTorch's own.
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

TEST_F(TensorTest, IsDifferentiable) {
  at::Tensor parameter = a_.clone().set_requires_grad(true);
  const at::AutoGradMode enabled(true);
  const Tensor loss = (wrap(parameter) * b).sum() + wrap(parameter).detach().sum();
  unwrap(loss).backward();
  expect_same(wrap(parameter.grad()), b_);
}

}  // namespace
}  // namespace knack
