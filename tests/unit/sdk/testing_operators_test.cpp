// SPDX-License-Identifier: MIT
// The operators of the fake host against LibTorch's.
#include <ATen/core/dispatch/Dispatcher.h>

#include "tests/unit/sdk/testing_operators.hpp"

namespace knack::testing {

void TestingOperators::compare_arithmetic() {
  for (const at::Tensor& self : assorted()) {
    for (const at::Tensor& other : assorted()) {
      for (const char* name : {"add", "sub", "mul", "div", "rsub"}) {
        compare(name, "Tensor", {self, other});
        const bool has_alpha = std::set<std::string>{"add", "sub", "rsub"}.contains(name);
        if (has_alpha) compare(name, "Tensor", {self, other, 2_i});
        if (has_alpha) compare(name, "Tensor", {self, other, 0.5});
        if (name != std::string_view("rsub")) {
          compare(std::string(name) + "_", "Tensor", {self, other});
        }
      }
      compare("pow", "Tensor_Tensor", {magnitude_of(self), magnitude_of(other)});
      compare("pow_", "Tensor", {magnitude_of(self), magnitude_of(other)});
      compare("maximum", "", {self, other});
      compare("minimum", "", {self, other});
    }
    for (const Argument& scalar : scalars()) {
      for (const char* name : {"add", "sub", "mul", "div", "rsub"}) {
        compare(name, "Scalar", {self, scalar});
        if (name == std::string_view("rsub")) continue;
        compare(std::string(name) + "_", "Scalar", {self, scalar});
      }
      compare("add", "Scalar", {self, scalar, 3_i});
      compare("pow", "Tensor_Scalar", {self, scalar});
      compare("pow_", "Scalar", {self, scalar});
    }
  }
}

void TestingOperators::compare_comparisons() {
  for (const at::Tensor& self : assorted()) {
    for (const char* name : {"eq", "ne", "lt", "le", "gt", "ge"}) {
      for (const at::Tensor& other : assorted()) compare(name, "Tensor", {self, other});
      for (const Argument& scalar : scalars()) compare(name, "Scalar", {self, scalar});
    }
    for (const at::Tensor& other : assorted()) {
      compare("logical_and", "", {self, other});
      compare("logical_or", "", {self, other});
    }
    const at::Tensor odd = self.is_floating_point() ? self / self.round() : self;
    for (const char* name : {"logical_not", "isnan", "isfinite"}) {
      compare(name, "", {self});
      compare(name, "", {odd});
    }
  }
}

void TestingOperators::compare_unaries() {
  for (const at::Tensor& self : assorted()) {
    for (const char* name : {"neg", "abs", "square", "sign", "relu", "floor", "ceil", "exp", "log",
                             "sqrt", "rsqrt", "reciprocal", "sigmoid", "tanh", "sin", "cos"}) {
      compare(name, "", {self});
      compare(std::string(name) + "_", "", {self});
    }
  }
}

void TestingOperators::compare_combinations() {
  for (const at::Tensor& self : assorted()) {
    for (const at::Tensor& other : assorted()) {
      for (const char* name : {"lerp", "lerp_"}) {
        compare(name, "Scalar", {self, other, 0.25});
        compare(name, "Scalar", {self, other, 0.75});
        compare(name, "Tensor", {self, other, floats({3})});
      }
      for (const char* name : {"addcmul", "addcmul_", "addcdiv", "addcdiv_"}) {
        compare(name, "", {self, other, floats({2, 3}), 0.5});
      }
      const at::Tensor condition = at::randint(0, 2, {2, 3}, at::kBool);
      compare("where", "self", {condition, self, other});
      compare("copy_", "", {self, other});
      compare("fill_", "Tensor", {self, other});
    }
    const at::Tensor condition = at::randint(0, 2, {3}, at::kBool);
    for (const Argument& scalar : scalars()) {
      compare("where", "ScalarOther", {condition, self, scalar});
      compare("where", "ScalarSelf", {condition, scalar, self});
      compare("masked_fill", "Scalar", {self, condition, scalar});
      compare("masked_fill_", "Scalar", {self, condition, scalar});
      compare("fill_", "Scalar", {self, scalar});
    }
    for (const std::string in_place : {"", "_"}) {
      for (const Argument& low : {kNone, Argument(-1_i), Argument(-0.5)}) {
        compare("clamp" + in_place, "", {self, low, 1.5});
        if (low.index() == 0) continue;
        compare("clamp" + in_place, "", {self, low});
        compare("clamp_min" + in_place, "", {self, low});
        compare("clamp_max" + in_place, "", {self, low});
      }
    }
    compare("zero_", "", {self});
  }
}

void TestingOperators::compare_reductions() {
  Tensors tensors = assorted();
  tensors.push_back(floats({2, 3, 4}));
  tensors.push_back(at::full({3}, std::nan("")));
  for (const at::Tensor& self : tensors) {
    for (const char* name : {"sum", "mean", "max", "min", "all", "any"}) compare(name, "", {self});
    compare("sum", "", {self, 7_i});
    for (const Ints& dims : {Ints{0}, Ints{-1}, Ints{}, Ints{0, 1}}) {
      for (const bool keepdim : {false, true}) {
        compare("sum", "dim_IntList", {self, dims, keepdim});
        compare("mean", "dim", {self, dims, keepdim});
        compare("amax", "", {self, dims, keepdim});
        compare("amin", "", {self, dims, keepdim});
        compare("norm", "ScalarOpt_dim", {self, 2_i, dims, keepdim});
        compare("linalg_vector_norm", "", {self, 1.5, dims, keepdim});
        compare("var", "correction", {self, dims, 0_i, keepdim});
        compare("std", "correction", {self, dims, 1_i, keepdim});
        compare("var_mean", "correction", {self, dims, 1_i, keepdim});
      }
    }
    for (const bool keepdim : {false, true}) {
      for (const char* name : {"max", "min", "all", "any"}) {
        compare(name, "dim", {self, 0_i, keepdim});
        compare(name, "dim", {self, -1_i, keepdim});
      }
      for (const char* name : {"argmax", "argmin"}) compare(name, "", {self, 0_i, keepdim});
    }
    for (const char* name : {"argmax", "argmin"}) compare(name, "", {self});
    for (const double p : {0.0, 1.0, 2.0, 3.0, HUGE_VAL}) compare("norm", "Scalar", {self, p});
    compare("norm", "Scalar", {self});
    compare("linalg_vector_norm", "", {self});
  }
}

namespace {

TEST_F(TestingOperators, CalculateAsLibTorch) {
  compare_arithmetic();
}
TEST_F(TestingOperators, CompareAsLibTorch) {
  compare_comparisons();
}
TEST_F(TestingOperators, TakeEachElementAsLibTorch) {
  compare_unaries();
}
TEST_F(TestingOperators, CombineAsLibTorch) {
  compare_combinations();
}
TEST_F(TestingOperators, ReduceAsLibTorch) {
  compare_reductions();
}
TEST_F(TestingOperators, MultiplyMatricesAsLibTorch) {
  compare_products();
}
TEST_F(TestingOperators, ClassifyAsLibTorch) {
  compare_classification();
}
TEST_F(TestingOperators, ReshapeAsLibTorch) {
  compare_views();
}
TEST_F(TestingOperators, PickAndJoinAsLibTorch) {
  compare_picks();
}
TEST_F(TestingOperators, MakeTensorsAsLibTorch) {
  compare_sources();
}
TEST_F(TestingOperators, WorkOnListsAsLibTorch) {
  compare_foreach();
}

// Whatever is random or uninitialized has only a type and a shape to compare.
const std::set<std::string> kNotComparable{"aten::empty.memory_format",
                                           "aten::empty_like",
                                           "aten::new_empty",
                                           "aten::rand",
                                           "aten::rand_like",
                                           "aten::randn",
                                           "aten::randn_like",
                                           "aten::normal_",
                                           "aten::uniform_"};

TEST_F(TestingOperators, AreAllCompared) {
  compare_arithmetic();
  compare_comparisons();
  compare_unaries();
  compare_combinations();
  compare_reductions();
  compare_products();
  compare_classification();
  compare_views();
  compare_picks();
  compare_sources();
  compare_foreach();
  for (const auto& [name, op] : fake_operators().all()) {
    EXPECT_NE(compared_.contains(name), kNotComparable.contains(name)) << name;
  }
}

TEST_F(TestingOperators, HaveAsManyParametersAsThoseOfLibTorch) {
  for (const auto& [full, op] : fake_operators().all()) {
    const std::size_t dot = full.find('.');
    const auto schema = c10::Dispatcher::singleton().findSchema(
        {full.substr(0, dot), dot == std::string::npos ? "" : full.substr(dot + 1)});
    ASSERT_TRUE(schema.has_value()) << full;
    EXPECT_EQ(op.parameter_count, schema->schema().arguments().size()) << full;
  }
}

TEST_F(TestingOperators, DrawNumbersOfTheRightDistribution) {
  const Tensor uniform = op("aten::rand")(IntList{2000});
  const Tensor normal = op("aten::randn")(IntList{2000}, Dtype::float64);
  EXPECT_GE(uniform.min().item(), 0.0);
  EXPECT_LT(uniform.max().item(), 1.0);
  EXPECT_NEAR(uniform.mean().item(), 0.5, 0.03);
  EXPECT_NEAR(normal.mean().item(), 0.0, 0.1);
  EXPECT_NEAR(normal.square().mean().item(), 1.0, 0.1);
  EXPECT_EQ(normal.dtype(), Dtype::float64);
  Tensor shifted = op("aten::uniform_")(normal, 3.0, 4.0);
  EXPECT_GE(shifted.min().item(), 3.0);
  EXPECT_LT(shifted.max().item(), 4.0);
  EXPECT_EQ(op("aten::empty_like")(normal).numel(), 2000);
}

TEST_F(TestingOperators, ViewsShareTheElements) {
  Tensor tensor = Tensor::zeros({2, 3});
  Tensor column = tensor.select(1, 2);
  column.fill_(5);
  EXPECT_EQ(tensor.sum().item(), 10.0);
  tensor.view({6}).narrow(0, 0, 1).fill_(1);
  EXPECT_EQ(tensor.sum().item(), 11.0);
  Tensor transposed = tensor.transpose(0, 1);
  transposed.add_(1);
  EXPECT_EQ(tensor.sum().item(), 17.0);
}

TEST_F(TestingOperators, ThatAreMissingAreNamed) {
  try {
    op("aten::fft_fft");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), KNACK_STATUS_NOT_FOUND);
    EXPECT_NE(std::string(error.what()).find("aten::fft_fft"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace knack::testing
