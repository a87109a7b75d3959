// SPDX-License-Identifier: MIT
// Operators of the fake host that multiply matrices, reshape, pick and make tensors, against
// LibTorch's; testing_operators_test.cpp runs them.
#include "tests/unit/sdk/testing_operators.hpp"

namespace knack::testing {

void TestingOperators::compare_products() {
  const Tensors tensors{floats({3}),
                        floats({2, 3}),
                        floats({3, 2}),
                        floats({2, 3}).t(),
                        floats({4, 2, 3}),
                        floats({4, 3, 2}),
                        floats({2, 1, 3, 2}),
                        floats({}),
                        at::randn({3, 2}, at::kDouble),
                        at::randint(-3, 4, {3, 2}, at::kLong),
                        at::randint(-3, 4, {2, 3}, at::kLong)};
  for (const at::Tensor& a : tensors) {
    for (const at::Tensor& b : tensors) {
      for (const char* name : {"matmul", "mm", "mv", "dot", "bmm", "linear"}) {
        compare(name, "", {a, b});
      }
      compare("linear", "", {a, b, floats({2})});
      compare("addmm", "", {floats({2}), a, b, 0.5, 2_i});
      compare("addmm", "", {floats({3, 3}), a, b});
    }
  }
}

void TestingOperators::compare_classification() {
  for (const at::Tensor& self : assorted()) {
    for (const char* name : {"softmax", "log_softmax"}) {
      compare(name, "int", {self, 0_i});
      compare(name, "int", {self, -1_i});
      compare(name, "int", {self, 1_i, 7_i});
    }
    compare("mse_loss", "", {self, floats({2, 3})});
    for (const std::int64_t reduction : {0, 1, 2}) {
      compare("mse_loss", "", {self, self + 1, reduction});
    }
  }
  const at::Tensor logits = floats({5, 3});
  const at::Tensor classes = at::tensor({0, 2, 1, -100, 2}, at::kLong);
  for (const std::int64_t reduction : {0, 1, 2}) {
    for (const double smoothing : {0.0, 0.1}) {
      const CallArguments rest{kNone, reduction, -100_i, smoothing};
      CallArguments hard{logits, classes};
      CallArguments soft{logits, floats({5, 3}).softmax(1)};
      if (reduction != 1 || smoothing == 0.0) {
        hard.insert(hard.end(), rest.begin(), rest.end());
        compare("cross_entropy_loss", "", hard);
      }
      if (reduction == 1) {
        soft.insert(soft.end(), rest.begin(), rest.end());
        compare("cross_entropy_loss", "", soft);
      }
    }
  }
  compare("cross_entropy_loss", "", {logits, at::tensor({0, 3, 1, 1, 2}, at::kLong)});
}

void TestingOperators::compare_views() {
  Tensors tensors = assorted();
  tensors.push_back(floats({2, 3, 4}));
  tensors.push_back(floats({2, 3, 4}).permute({2, 0, 1}));
  tensors.push_back(floats({4, 6}).slice(1, 0, 6, 2));
  tensors.push_back(floats({1, 3, 1}));
  for (const at::Tensor& self : tensors) {
    for (const Ints& shape : {Ints{-1}, Ints{3, 2}, Ints{6}, Ints{2, 3, 1}, Ints{3, -1}, Ints{4, 6},
                              Ints{2, 12}, Ints{8, 3}, Ints{1, 1}, Ints{-1, -1}, Ints{0, -1}}) {
      compare("view", "", {self, shape});
      compare("reshape", "", {self, shape});
      // LibTorch makes tensors of a negative size of those without dimensions.
      if (self.dim() > 0) compare("expand", "", {self, shape});
    }
    compare("expand", "", {self, Ints{2, 2, 3}});
    compare("flatten", "using_ints", {self});
    compare("flatten", "using_ints", {self, 1_i});
    compare("flatten", "using_ints", {self, 1_i, 0_i});
    compare("squeeze", "", {self});
    compare("t", "", {self});
    compare("expand_as", "", {self, floats({2, 2, 3})});
    compare("permute", "", {self, Ints{1, 0}});
    compare("permute", "", {self, Ints{0, 0}});
    compare("slice", "Tensor", {self});
    for (const std::int64_t dim : {-4, -1, 0, 1, 2}) {
      compare("unsqueeze", "", {self, dim});
      compare("squeeze", "dim", {self, dim});
      compare("transpose", "int", {self, dim, 0_i});
      compare("select", "int", {self, dim, 1_i});
      compare("select", "int", {self, dim, -1_i});
      compare("narrow", "", {self, dim, 1_i, 1_i});
      compare("narrow", "", {self, dim, -2_i, 2_i});
      compare("narrow", "", {self, dim, 2_i, 4_i});
      compare("slice", "Tensor", {self, dim, -2_i, 100_i});
      compare("slice", "Tensor", {self, dim, 0_i, kNone, 2_i});
      compare("slice", "Tensor", {self, dim, 2_i, 1_i});
    }
  }
}

void TestingOperators::compare_picks() {
  const at::Tensor indices = at::tensor({1, 0, 1}, at::kLong);
  for (const at::Tensor& self : assorted()) {
    for (const std::int64_t dim : {0, -1, 1}) {
      compare("index_select", "", {self, dim, indices});
      compare("index_select", "", {self, dim, at::tensor({7}, at::kLong)});
      compare("gather", "", {self, dim, at::randint(0, 2, {2, 2}, at::kLong)});
      compare("gather", "", {self, dim, at::tensor({5}, at::kLong)});
      compare("split", "Tensor", {self, 2_i, dim});
      compare("unbind", "int", {self, dim});
      for (const at::Tensor& other : assorted()) {
        compare("cat", "", {Tensors{self, other, self}, dim});
        compare("stack", "", {Tensors{self, other}, dim});
      }
      const bool has_ties = !self.is_floating_point();
      for (const bool largest : {true, false}) {
        if (!has_ties) compare("topk", "", {self, 1_i, dim, largest});
        if (!has_ties) compare("topk", "", {self, 2_i, dim, largest});
      }
    }
  }
  for (const at::Tensor& classes : assorted()) {
    for (const std::int64_t count : {-1, 0, 2, 5}) {
      compare("one_hot", "", {classes, count});
      if (classes.scalar_type() == at::kLong) compare("one_hot", "", {classes.abs(), count});
    }
    compare("one_hot", "", {classes});
  }
  compare("cat", "", {Tensors{floats({2, 3}), floats({0})}, 1_i});
}

void TestingOperators::compare_sources() {
  for (const char* name : {"zeros", "ones"}) {
    compare(name, "", {Ints{2, 3}});
    compare(name, "", {Ints{}, 4_i});
    compare(name, "", {Ints{-1}});
  }
  for (const Argument& scalar : scalars()) {
    compare("full", "", {Ints{2}, scalar});
    compare("full", "", {Ints{2}, scalar, 7_i});
    compare("scalar_tensor", "", {scalar});
    compare("scalar_tensor", "", {scalar, 4_i});
    compare("arange", "", {scalar});
    compare("arange", "start", {-1_i, scalar});
    compare("arange", "start_step", {-1_i, 7_i, scalar});
    compare("arange", "start_step", {-1_i, 7_i, scalar, 7_i});
  }
  for (const at::Tensor& self : assorted()) {
    for (const char* name : {"zeros_like", "ones_like"}) {
      compare(name, "", {self});
      compare(name, "", {self, 7_i});
    }
    compare("new_zeros", "", {self, Ints{2}});
    compare("new_ones", "", {self, Ints{2}, 6_i});
    compare("full_like", "", {self, 3_i});
    for (const char* name : {"clone", "detach", "contiguous", "item"}) compare(name, "", {self});
    compare("requires_grad_", "", {self});
    compare("requires_grad_", "", {self, false});
    for (const std::int64_t dtype : {4, 6, 7, 11}) {
      compare("to", "dtype", {self, dtype});
      compare("to", "dtype", {self, dtype, false, true});
    }
  }
}

void TestingOperators::compare_foreach() {
  const Tensors a{floats({2, 3}), floats({3}), at::randn({2}, at::kDouble)};
  const Tensors b{floats({2, 3}), floats({3}), at::randn({2}, at::kDouble)};
  const Tensors c{at::rand({2, 3}) + 1, at::rand({3}) + 1, at::rand({2}, at::kDouble) + 1};
  for (const std::string in_place : {"", "_"}) {
    for (const std::string name : {"add", "sub", "mul", "div"}) {
      compare("_foreach_" + name + in_place, "Scalar", {a, 2.5});
      compare("_foreach_" + name + in_place, "ScalarList", {a, Numbers{1.5, 2.0, -1.0}});
      compare("_foreach_" + name + in_place, "List", {a, b});
      compare("_foreach_" + name + in_place, "List", {a, Tensors{b[0]}});
    }
    compare("_foreach_add" + in_place, "List", {a, b, 0.5});
    compare("_foreach_lerp" + in_place, "Scalar", {a, b, 0.25});
    compare("_foreach_lerp" + in_place, "List", {a, b, c});
    compare("_foreach_addcmul" + in_place, "Scalar", {a, b, c, 0.5});
    compare("_foreach_addcdiv" + in_place, "Scalar", {a, b, c, 0.5});
    for (const char* name : {"neg", "abs", "sqrt"}) {
      compare("_foreach_" + std::string(name) + in_place, "", {c});
    }
  }
  compare("_foreach_copy_", "", {a, b});
  compare("_foreach_zero_", "", {a});
  compare("_foreach_norm", "Scalar", {a, 2_i});
}

}  // namespace knack::testing
