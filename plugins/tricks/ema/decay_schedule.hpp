// SPDX-License-Identifier: MIT
// The options of the trick `ema`, and the decay that follows from them.
#pragma once

#include <algorithm>
#include <cmath>
#include <knack/sdk/options.hpp>

namespace ema {

struct Options {
  double decay = 0.9999;
  std::string schedule = "exp";
  double beta = 15;
  double gamma = 1;
  double power = 2.0 / 3.0;
  double min_decay = 0;
  double half_life = 1000;
  std::int64_t every = 1;
  bool bias_correction = false;
  std::string buffers = "average";
  std::vector<std::string> exclude = {};
  std::string publish = "ema";

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("decay", &Options::decay, "Share of the average that one step keeps, at most")
        .in_range(0, 1);
    spec.add("schedule", &Options::schedule, "How the decay grows with the steps")
        .one_of({"exp", "constant", "threshold", "warmup", "half_life"});
    spec.add("beta", &Options::beta, "exp: how fast the decay grows over the run").above(0);
    spec.add("gamma", &Options::gamma, "warmup: steps are counted in units of this").above(0);
    spec.add("power", &Options::power, "warmup: exponent of the growth").above(0);
    spec.add("min_decay", &Options::min_decay, "warmup: smallest decay").in_range(0, 1);
    spec.add("half_life", &Options::half_life, "half_life: steps after which a weight counts half")
        .above(0);
    spec.add("every", &Options::every, "Steps from one update to the next").at_least(1);
    spec.add("bias_correction", &Options::bias_correction,
             "Average the weights after the steps alone, without those that training began with");
    spec.add("buffers", &Options::buffers,
             "Floating-point buffers: averaged like parameters, or copied; others are copied")
        .one_of({"average", "copy"});
    spec.add("exclude", &Options::exclude, "Globs of tensors that are copied, not averaged");
    spec.add("publish", &Options::publish, "Name of the weight set");
  }
};

/// The decay of optimizer step `step` (from 1) of `total_steps`. Sources: `threshold` is that of
/// TensorFlow's ExponentialMovingAverage with num_updates, `exp` that of SuperGradients, `warmup`
/// that of timm's ModelEmaV3, `half_life` that of Composer.
inline double decay_at(const Options& options, std::int64_t step, std::int64_t total_steps) {
  const auto t = static_cast<double>(step);
  if (options.schedule == "constant") return options.decay;
  if (options.schedule == "threshold") return std::min(options.decay, (1 + t) / (10 + t));
  if (options.schedule == "half_life") return std::exp2(-1 / options.half_life);
  if (options.schedule == "exp") {
    const double progress = t / static_cast<double>(total_steps);
    return options.decay * (1 - std::exp(-options.beta * progress));
  }
  if (step <= 1) return 0;  // warmup: the first update copies
  const double grown = 1 - std::pow(1 + (t - 1) / options.gamma, -options.power);
  return std::max(std::min(grown, options.decay), options.min_decay);
}

}  // namespace ema
