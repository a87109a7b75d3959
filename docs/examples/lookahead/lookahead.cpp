// SPDX-License-Identifier: MIT
// Lookahead: every k steps the weights go a part of the way back (Zhang et al., arXiv 1907.08610).
#include <knack/sdk/trick.hpp>

struct Options {
  std::int64_t every = 5;
  double share = 0.5;
  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("every", &Options::every, "Optimizer steps between two looks").at_least(1);
    spec.add("share", &Options::share, "How far the slow weights follow").in_range(0, 1);
  }
};

class Lookahead final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "acme.lookahead", .summary = "k steps on, one back"};
  using Options = ::Options;
  Lookahead(const Options& options, knack::Host host) : options_(options), host_(host) {}

  void fit_begin(knack::Context&) override { slow_ = host_.weights().publish("lookahead"); }

  void after_step(knack::Context& context) override {
    if (!context.stepped() || context.step() % options_.every != 0) return;
    const knack::WeightSet fast = host_.weights().live();
    for (std::int64_t i = 0; i < fast.size(); ++i) {
      if (fast[i].is_floating()) slow_[i].tensor().lerp_(fast[i].tensor(), options_.share);
      fast[i].is_buffer() ? slow_[i].tensor().copy_(fast[i].tensor())
                          : fast[i].tensor().copy_(slow_[i].tensor());
    }
  }

 private:
  Options options_;
  knack::Host host_;
  knack::WeightSet slow_;
};

KNACK_PLUGIN("1.0.0", Lookahead)
