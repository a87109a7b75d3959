// SPDX-License-Identifier: MIT
// The squared error between a model's outputs and one for the right class, zero for the others.
#include <knack/sdk/objective.hpp>

struct @TYPE@ final : knack::Objective {
  static constexpr knack::Info info{.id = "@ID@", .summary = "Squared error of classes"};
  struct Options {
    double smoothing = 0;
    static void describe(knack::OptionSpec<Options>& spec) {
      spec.add("smoothing", &Options::smoothing, "Share of the target spread over all classes")
          .in_range(0, 1);
    }
  };
  explicit @TYPE@(const Options& given) : options(given) {}
  knack::Tensor loss(knack::ValueView outputs, knack::ValueView targets) override {
    static const knack::Operator one_hot("aten::one_hot");
    const knack::Tensor scores = outputs.tensor();
    const std::int64_t classes = scores.size(1);
    const knack::Tensor right = one_hot(targets.tensor(), classes).to(scores.dtype());
    const double spread = options.smoothing / static_cast<double>(classes);
    const knack::Tensor error = scores - (right * (1 - options.smoothing) + spread);
    return (error * error).mean();
  }
  Options options;
};

KNACK_PLUGIN("0.1.0", @TYPE@)
