// SPDX-License-Identifier: MIT
// velocity = momentum * velocity + gradient, weight -= lr * velocity, as in torch.optim.SGD.
#include <knack/sdk/param_optimizer.hpp>

struct Options {
  double lr = 0.1;
  double momentum = 0.9;
  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("lr", &Options::lr, "Learning rate").at_least(0);
    spec.add("momentum", &Options::momentum, "Share of the velocity that is kept").in_range(0, 1);
  }
};

struct @TYPE@ final : knack::ParamOptimizer<Options> {
  static constexpr knack::Info info{.id = "@ID@", .summary = "Gradient descent with momentum"};
  using ParamOptimizer::ParamOptimizer;
  void update(knack::Tensor& weight, const knack::Tensor& gradient, Kept& kept,
              const Options& options) override {
    static const knack::Operator add_("aten::add_", "Tensor");
    knack::Tensor& velocity = kept["velocity"];
    if (!velocity.defined()) velocity = knack::Tensor::zeros_like(weight);
    velocity.mul_(options.momentum).add_(gradient);
    add_.run(weight, velocity, -options.lr);
  }
};

KNACK_PLUGIN("0.1.0", @TYPE@)
