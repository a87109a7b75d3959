// SPDX-License-Identifier: MIT
// Lookahead: every few steps the weights go half of the way back (Zhang et al., arXiv 1907.08610).
#include <knack/sdk/trick.hpp>

struct @TYPE@ final : knack::Trick {
  static constexpr knack::Info info{.id = "@ID@", .summary = "Some steps on, half of the way back"};
  struct Options {
    std::int64_t every = 5;
    static void describe(knack::OptionSpec<Options>& spec) {
      spec.add("every", &Options::every, "Optimizer steps between two looks").at_least(1);
    }
  };
  @TYPE@(const Options& given, knack::Host host) : options(given), host(host) {}
  void fit_begin(knack::Context&) override { slow = host.weights().publish("@NAME@"); }
  void after_step(knack::Context& context) override {
    if (!context.stepped() || context.step() % options.every != 0) return;
    const knack::WeightSet fast = host.weights().live();
    for (std::int64_t i = 0; i < fast.size(); ++i) {
      if (fast[i].is_buffer()) slow[i].tensor().copy_(fast[i].tensor());
      else fast[i].tensor().copy_(slow[i].tensor().lerp_(fast[i].tensor(), 0.5));
    }
  }
  Options options;
  knack::Host host;
  knack::WeightSet slow;
};

KNACK_PLUGIN("0.1.0", @TYPE@)
