// SPDX-License-Identifier: MIT
// Functions with a derivative of their own, through the host's autograd.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <knack/sdk/autograd.hpp>

#include <memory>

#include "host/common/error.hpp"
#include "tests/unit/sdk/host_operators.hpp"

namespace knack {
namespace {

class AutogradTest : public HostOperators {
 protected:
  static at::Tensor parameter(at::Tensor values) {
    return values.to(at::kDouble).set_requires_grad(true);
  }

  const at::AutoGradMode enabled_{true};
};

/// x^3 with its derivative by hand.
struct Cube {
  static constexpr const char* name = "acme.cube";
  static Tensor forward(FunctionContext& context, const Tensor& x) {
    context.save_for_backward(x);
    return x * x * x;
  }
  static Tensor backward(FunctionContext& context, const Tensor& gradient) {
    return gradient * context.saved(0).square() * 3;
  }
};

TEST_F(AutogradTest, GradientIsThatOfTheFormulaAndOfFiniteDifferences) {
  const at::Tensor x = parameter(at::tensor({-1.5, 0.25, 2.0}));
  const Tensor y = apply(plugin_host(), Cube(), wrap(x));
  EXPECT_TRUE(at::equal(unwrap(y).detach(), (x * x * x).detach()));
  unwrap(y).sum().backward();
  EXPECT_TRUE(at::allclose(x.grad(), 3 * x.detach().square(), 1e-15));
  const double step = 1e-5;
  const at::Tensor at_rest = x.detach();
  const at::Tensor slope = ((at_rest + step).pow(3) - (at_rest - step).pow(3)) / (2 * step);
  EXPECT_TRUE(at::allclose(x.grad(), slope, 1e-8));
}

TEST_F(AutogradTest, OperatorsInBackwardAreDifferentiableAgain) {
  const Tensor x = wrap(parameter(at::tensor({-1.5, 2.0})));
  const Tensor y = apply(plugin_host(), Cube(), x).sum();
  const Tensor first = grad(plugin_host(), y, x, {.create_graph = true});
  EXPECT_TRUE(first.requires_grad());
  const Tensor second = grad(plugin_host(), first.sum(), x);
  EXPECT_TRUE(at::allclose(unwrap(second), 6 * unwrap(x).detach()));
}

/// Works in memory, where autograd sees nothing; `scale` is an argument that is no tensor.
struct InMemory {
  static constexpr const char* name = "acme.in_memory";
  static constexpr bool once_differentiable = true;
  std::shared_ptr<double> scale;
  Tensor forward(FunctionContext&, const Tensor& x) const {
    return scaled(x);
  }
  Tensor backward(FunctionContext&, const Tensor& gradient) const {
    return scaled(gradient.contiguous());
  }
  [[nodiscard]] Tensor scaled(const Tensor& x) const {
    Tensor y = x.clone();
    for (double& element : y.data<double>()) element *= *scale;
    return y;
  }
};

TEST_F(AutogradTest, ASecondDerivativeOfWhatWorksInMemoryIsRefused) {
  const Tensor x = wrap(parameter(at::tensor({1.0, 2.0})));
  const Tensor y = apply(plugin_host(), InMemory{std::make_shared<double>(3)}, x).sum();
  EXPECT_TRUE(at::equal(unwrap(grad(plugin_host(), y, x, {.retain_graph = true})),
                        at::full({2}, 3.0, at::kDouble)));
  const auto again = [&] { (void)grad(plugin_host(), y, x, {.create_graph = true}); };
  EXPECT_THROW(again(), Error);
  EXPECT_NE(host::thread_error_text().find("can be differentiated once"), std::string::npos)
      << host::thread_error_text();
}

TEST_F(AutogradTest, TheFunctionLivesAsLongAsTheGraph) {
  const auto scale = std::make_shared<double>(2);
  Tensor y = apply(plugin_host(), InMemory{scale}, wrap(parameter(at::tensor({1.0}))));
  EXPECT_EQ(scale.use_count(), 2);
  y = Tensor();
  EXPECT_EQ(scale.use_count(), 1);
  (void)apply(plugin_host(), InMemory{scale}, wrap(at::ones({1}, at::kDouble)));
  EXPECT_EQ(scale.use_count(), 1) << "nothing needs a gradient";
}

/// (a * b, a + c) where c may be missing; notes which gradients were wanted.
struct Mixed {
  std::shared_ptr<std::vector<bool>> wanted;
  static std::array<Tensor, 2> forward(FunctionContext& context, const Tensor& a, const Tensor& b,
                                       const Tensor& c) {
    context.save_for_backward(a, b, c);
    return {a * b, c.defined() ? a + c : a.clone()};
  }
  std::array<Tensor, 3> backward(FunctionContext& context, const Tensor& product,
                                 const Tensor& sum) const {
    for (std::size_t i = 0; i < 3; ++i) wanted->push_back(context.needs_gradient(i));
    EXPECT_EQ(context.saved(2).defined(), context.needs_gradient(2));
    return {product * context.saved(1) + sum, product * context.saved(0),
            context.saved(2).defined() ? sum : Tensor()};
  }
};

TEST_F(AutogradTest, SeveralInputsAndOutputsSomeOfThemMissing) {
  const at::Tensor a = parameter(at::tensor({2.0}));
  const at::Tensor b = at::tensor({5.0}, at::kDouble);
  const auto wanted = std::make_shared<std::vector<bool>>();
  const auto [product, sum] = apply(plugin_host(), Mixed{wanted}, wrap(a), wrap(b), Tensor());
  EXPECT_EQ(product.item(), 10.0);
  unwrap(product + sum).backward();
  EXPECT_EQ(a.grad().item<double>(), 6.0);
  EXPECT_EQ(*wanted, (std::vector<bool>{true, false, false}));
}

TEST_F(AutogradTest, AnOutputThatIsNotUsedHasAGradientOfZero) {
  const at::Tensor a = parameter(at::tensor({2.0}));
  const at::Tensor c = parameter(at::tensor({3.0}));
  const auto wanted = std::make_shared<std::vector<bool>>();
  const auto [product, sum] = apply(plugin_host(), Mixed{wanted}, wrap(a), wrap(c), wrap(c));
  unwrap(product).backward();
  EXPECT_EQ(a.grad().item<double>(), 3.0);
  EXPECT_EQ(c.grad().item<double>(), 2.0);
}

struct Failing {
  static constexpr const char* name = "acme.failing";
  std::string where;
  [[nodiscard]] Tensor forward(FunctionContext&, const Tensor& x) const {
    if (where == "forward") throw Error("forward cannot do this");
    if (where == "output") return {};
    return x * 2;
  }
  [[nodiscard]] Tensor backward(FunctionContext&, const Tensor& gradient) const {
    if (where == "backward") throw Error("backward cannot do this");
    return where == "shape" ? gradient.narrow(0, 0, 1) : gradient * 2;
  }
};

TEST_F(AutogradTest, AFailureOfForwardReachesWhoAppliedIt) {
  const Tensor x = wrap(parameter(at::ones({2})));
  EXPECT_THROW((void)apply(plugin_host(), Failing{"forward"}, x), Error);
  EXPECT_EQ(host::thread_error_text(), "forward cannot do this");
  EXPECT_THROW((void)apply(plugin_host(), Failing{"output"}, x), Error);
  EXPECT_EQ(host::thread_error_text(),
            "forward of acme.failing: expected a tensor as output 0, found NULL");
}

std::string message_of_backward(const Tensor& y) {
  try {
    unwrap(y).sum().backward();
  } catch (const host::Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST_F(AutogradTest, AFailureOfBackwardNamesThePluginAndTheFunction) {
  const Tensor x = wrap(parameter(at::ones({2})));
  const std::string failed = message_of_backward(apply(plugin_host(), Failing{"backward"}, x));
  EXPECT_NE(failed.find("test.so"), std::string::npos) << failed;
  EXPECT_NE(failed.find("backward of acme.failing"), std::string::npos) << failed;
  EXPECT_NE(failed.find("backward cannot do this"), std::string::npos) << failed;
  const std::string shape = message_of_backward(apply(plugin_host(), Failing{"shape"}, x));
  EXPECT_NE(shape.find("expected a gradient of shape [2] for input 0"), std::string::npos) << shape;
  EXPECT_NE(shape.find("test.so"), std::string::npos) << shape;
}

TEST_F(AutogradTest, WhatWasSavedMustNotBeChangedInPlace) {
  at::Tensor inner = parameter(at::ones({2})) * 2;
  const Tensor cubed = apply(plugin_host(), Cube(), wrap(inner));
  inner.add_(1);
  EXPECT_NE(message_of_backward(cubed).find("modified by an inplace operation"), std::string::npos);
}

TEST_F(AutogradTest, NothingIsRecordedInTheScopeOfAGuard) {
  const Tensor x = wrap(parameter(at::ones({2})));
  {
    const NoGradGuard no_grad;
    EXPECT_FALSE((x * 2).requires_grad());
    EXPECT_FALSE(apply(plugin_host(), Cube(), x).requires_grad());
    const AutoGradMode on(true);
    EXPECT_TRUE((x * 2).requires_grad());
  }
  EXPECT_TRUE((x * 2).requires_grad());
  EXPECT_FALSE(x.detach().requires_grad());
  EXPECT_TRUE(x.detach().requires_grad_().requires_grad());
}

TEST_F(AutogradTest, GradientsOfSeveralOutputsAndInputs) {
  const at::Tensor a = parameter(at::tensor({1.0, 2.0}));
  const Tensor b = wrap(parameter(at::tensor({3.0, 4.0})));
  const Tensor unused = wrap(parameter(at::ones({1})));
  const std::vector<Tensor> found =
      grad(plugin_host(), {wrap(a) * b, wrap(a).sum()}, {wrap(a), b, unused}, {},
           {Tensor::from_data<double>({1.0, 10.0}, {2}), Tensor()});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_TRUE(at::equal(unwrap(found[0]), at::tensor({4.0, 41.0}, at::kDouble)));
  EXPECT_TRUE(at::equal(unwrap(found[1]), at::tensor({1.0, 20.0}, at::kDouble)));
  EXPECT_FALSE(found[2].defined());
  EXPECT_FALSE(a.grad().defined()) << "nothing is added to what the host gathers";
}

TEST_F(AutogradTest, AGraphThatIsNotRetainedIsUsedUp) {
  const Tensor x = wrap(parameter(at::ones({2})));
  const Tensor y = apply(plugin_host(), Cube(), x).sum();
  (void)grad(plugin_host(), y, x, {.retain_graph = true});
  (void)grad(plugin_host(), y, x);
  EXPECT_THROW((void)grad(plugin_host(), y, x), Error);
  EXPECT_THROW((void)grad(plugin_host(), x, x.detach()), Error);
}

}  // namespace
}  // namespace knack
