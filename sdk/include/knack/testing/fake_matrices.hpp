// SPDX-License-Identifier: MIT
// Fake operators of linear algebra and of classification. Part of fake_operators.hpp.
#pragma once

#include <knack/testing/fake_picks.hpp>

namespace knack::testing::fake {

inline void expect_same_type(const FakeTensor& a, const FakeTensor& b) {
  if (a.dtype != b.dtype) refuse("expected tensors of one element type");
}

/// (n, k) times (k, m).
inline FakeTensor multiply(const FakeTensor& a, const FakeTensor& b) {
  expect_same_type(a, b);
  if (a.dim() != 2 || b.dim() != 2 || a.sizes[1] != b.sizes[0]) {
    refuse("the shapes of the matrices cannot be multiplied");
  }
  FakeTensor result(a.dtype, {a.sizes[0], b.sizes[1]});
  const auto run = [&](auto zero) {
    using Number = decltype(zero);
    for (std::int64_t i = 0; i < result.numel(); ++i) {
      const std::int64_t row = i / b.sizes[1];
      const std::int64_t column = i % b.sizes[1];
      Number total = zero;
      for (std::int64_t k = 0; k < a.sizes[1]; ++k) {
        total += a.get<Number>(row * a.sizes[1] + k) * b.get<Number>(k * b.sizes[1] + column);
      }
      result.set(i, total);
    }
  };
  category(a.dtype) == 2 ? run(0.0) : run(std::int64_t{0});
  return result;
}

/// As torch.matmul: vectors, matrices, and batches of matrices that are broadcast.
inline FakeTensor matmul(const FakeTensor& a, const FakeTensor& b) {
  if (a.sizes.empty() || b.sizes.empty()) refuse("matmul: expected tensors with dimensions");
  if (a.dim() == 1) {
    FakeTensor result = matmul(unsqueeze(a, 0), b);
    return select(result, b.dim() == 1 ? 0 : -2, 0);
  }
  if (b.dim() == 1) return select(matmul(a, unsqueeze(b, 1)), -1, 0);
  if (a.dim() == 2 && b.dim() == 2) return multiply(a, b);
  FakeTensor first = a;
  FakeTensor second = b;
  first.sizes.resize(a.sizes.size() - 2);
  second.sizes.resize(b.sizes.size() - 2);
  const std::vector<std::int64_t> batch = broadcast_shape({first, second});
  const auto with_batch = [&batch](const FakeTensor& tensor) {
    std::vector<std::int64_t> shape = batch;
    shape.insert(shape.end(), tensor.sizes.end() - 2, tensor.sizes.end());
    return reshape(expand_to(tensor, shape),
                   {-1, shape[shape.size() - 2], shape[shape.size() - 1]});
  };
  first = with_batch(a);
  second = with_batch(b);
  std::vector<FakeTensor> products;
  for (std::int64_t i = 0; i < first.sizes[0]; ++i) {
    products.push_back(unsqueeze(multiply(select(first, 0, i), select(second, 0, i)), 0));
  }
  std::vector<std::int64_t> shape = batch;
  shape.push_back(a.sizes[a.sizes.size() - 2]);
  shape.push_back(b.sizes.back());
  return products.empty() ? FakeTensor(a.dtype, shape) : reshape(cat(products, 0), shape);
}

inline FakeTensor plus(const FakeTensor& a, const FakeTensor& b, double alpha = 1,
                       double beta = 1) {
  const std::int32_t common = result_type({a, b});
  return map_elements(
      {a, b, Operand::factor(FakeScalar::of(alpha)), Operand::factor(FakeScalar::of(beta))}, common,
      common, {[](const double* x) { return x[0] * x[3] + x[1] * x[2]; }});
}

inline FakeTensor linear(const Arguments& a) {
  const FakeTensor& weight = a.tensor(1);
  if (weight.dim() > 2) refuse("linear: expected a weight of at most 2 dimensions");
  const FakeTensor product =
      matmul(a.tensor(0), weight.dim() == 1 ? weight : transpose(weight, 0, 1));
  if (!a.has(2)) return product;
  if (weight.dim() != 2) refuse("linear: expected a weight of 2 dimensions where there is a bias");
  expect_same_type(product, a.tensor(2));
  return plus(product, a.tensor(2));
}

inline void add_products(FakeOperators& all) {
  const auto add = [&all](const char* name, std::int64_t first, std::int64_t second) {
    all.add(name, "", 2, [=](const Arguments& a) -> Results {
      if (a.tensor(0).dim() != first || a.tensor(1).dim() != second) {
        refuse(std::string(name) + ": expected tensors of " + std::to_string(first) + " and " +
               std::to_string(second) + " dimensions");
      }
      return matmul(a.tensor(0), a.tensor(1));
    });
  };
  add("mm", 2, 2);
  add("mv", 2, 1);
  add("dot", 1, 1);
  add("bmm", 3, 3);
  all.add("matmul", "", 2,
          [](const Arguments& a) -> Results { return matmul(a.tensor(0), a.tensor(1)); });
  all.add("linear", "", 3, [](const Arguments& a) -> Results { return linear(a); });
  all.add("addmm", "", 5, [](const Arguments& a) -> Results {
    if (category(a.tensor(0).dtype) != 2) refuse("addmm: expected floating point tensors");
    expect_same_type(a.tensor(0), a.tensor(1));
    return plus(a.tensor(0), multiply(a.tensor(1), a.tensor(2)), a.real(4, 1), a.real(3, 1));
  });
}

/// The logarithm of softmax along a dimension, or softmax itself.
inline FakeTensor softmax(const FakeTensor& self, std::int64_t dim, bool is_log) {
  if (category(self.dtype) != 2) refuse("softmax: expected a floating point tensor");
  std::vector<bool> reduced(self.sizes.size(), false);
  const std::size_t index = dimension_of(self, dim);
  if (!reduced.empty()) reduced[index] = true;
  if (self.numel() == 0) return self.clone();
  const FakeTensor highest = extremes(self, reduced, true, true, false);
  const FakeTensor total = reduce_elements<double>(
      self, reduced, true, KNACK_DTYPE_FLOAT64,
      [](const std::vector<double>& numbers, const auto& give) {
        const double most = *std::max_element(numbers.begin(), numbers.end());
        double sum = 0;
        for (const double number : numbers) sum += std::exp(number - most);
        give(sum);
      });
  const Kernel log{[](const double* x) { return x[0] - x[1] - std::log(x[2]); }};
  const Kernel plain{[](const double* x) { return std::exp(x[0] - x[1]) / x[2]; }};
  return map_elements({self, highest, total}, KNACK_DTYPE_FLOAT64, self.dtype,
                      is_log ? log : plain);
}

/// 0: nothing, 1: mean, 2: sum, as in at::Reduction.
inline FakeTensor reduce_loss(const FakeTensor& losses, std::int64_t reduction) {
  const std::vector<bool> everything(losses.sizes.size(), true);
  if (reduction == 0) return losses;
  return reduction == 1 ? mean(losses, everything, false, losses.dtype)
                        : sum(losses, everything, false, losses.dtype);
}

/// Cross-entropy of logits, (samples, classes), and classes, (samples), or probabilities of the same
/// shape as the logits.
inline FakeTensor cross_entropy(const Arguments& a) {
  const FakeTensor& logits = a.tensor(0);
  const FakeTensor& targets = a.tensor(1);
  const std::int64_t ignored = a.integer(4, -100);
  const double smoothing = a.real(5, 0);
  const bool are_probabilities = targets.is_floating();
  if (a.has(2)) refuse("cross_entropy_loss: the fake host has no weights of classes");
  if (logits.dim() != 2 ||
      (are_probabilities ? targets.sizes != logits.sizes
                         : targets.dim() != 1 || targets.sizes[0] != logits.sizes[0])) {
    refuse("cross_entropy_loss: the fake host takes logits of 2 dimensions and targets for them");
  }
  const FakeTensor logs = softmax(logits, 1, true);
  const std::int64_t classes = logits.sizes[1];
  const FakeTensor losses(logits.dtype, {logits.sizes[0]});
  double counted = 0;
  for (std::int64_t row = 0; row < losses.numel(); ++row) {
    const bool is_ignored = !are_probabilities && targets.get<std::int64_t>(row) == ignored;
    if (is_ignored) continue;
    ++counted;
    double loss = 0;
    for (std::int64_t c = 0; c < classes; ++c) {
      const double wanted = are_probabilities ? targets.get(row * classes + c)
                            : checked_position(targets, row, classes) == c ? 1.0
                                                                           : 0.0;
      const double smoothed = (1 - smoothing) * wanted + smoothing / static_cast<double>(classes);
      loss -= smoothed * logs.get(row * classes + c);
    }
    losses.set(row, loss);
  }
  const std::int64_t reduction = a.integer(3, 1);
  if (reduction != 1) return reduce_loss(losses, reduction);
  const FakeTensor result = reduce_loss(losses, 2);
  result.set(0, result.get(0) / counted);
  return result;
}

inline void add_classification(FakeOperators& all) {
  for (const bool is_log : {false, true}) {
    all.add(is_log ? "log_softmax" : "softmax", "int", 3, [is_log](const Arguments& a) -> Results {
      const FakeTensor& self = a.tensor(0);
      return softmax(a.has(2) ? convert(self, a.dtype(2, self.dtype)) : self, a.integer(1), is_log);
    });
  }
  all.add("cross_entropy_loss", "", 6,
          [](const Arguments& a) -> Results { return cross_entropy(a); });
  all.add("mse_loss", "", 3, [](const Arguments& a) -> Results {
    const std::int32_t common = result_type({a.tensor(0), a.tensor(1)});
    if (category(common) != 2) refuse("mse_loss: expected floating point tensors");
    const Kernel squares{[](const double* x) { return (x[0] - x[1]) * (x[0] - x[1]); }};
    return reduce_loss(map_elements({a.tensor(0), a.tensor(1)}, common, common, squares),
                       a.integer(2, 1));
  });
}

inline void add_matrices(FakeOperators& all) {
  add_products(all);
  add_classification(all);
}

}  // namespace knack::testing::fake
