// SPDX-License-Identifier: MIT
// Evaluates the live weights, or observes what flows into normalization layers, in one hook.
#include <knack/sdk/trick.hpp>

namespace {

struct Options {
  std::string hook = "after_step";
  std::string what = "evaluate";
  bool catches = false;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("hook", &Options::hook, "Where to measure");
    spec.add("what", &Options::what, "What to do").one_of({"evaluate", "observe"});
    spec.add("catches", &Options::catches, "A measurement that fails is counted and forgotten");
  }
};

class Measures final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "measures", .summary = "A fixture."};
  using Options = ::Options;

  Measures(const Options& options, knack::Host host) : options_(options), host_(host) {}

  void fit_begin(knack::Context& /*context*/) override {
    measure_in("fit_begin");
  }
  void epoch_begin(knack::Context& /*context*/) override {
    measure_in("epoch_begin");
  }
  void gradients(knack::Context& /*context*/) override {
    measure_in("gradients");
  }
  void after_step(knack::Context& /*context*/) override {
    measure_in("after_step");
  }
  void eval_begin(knack::Context& /*context*/) override {
    measure_in("eval_begin");
  }
  void fit_end(knack::Context& /*context*/) override {
    host_.metrics().summarize("measured", measured_);
    host_.metrics().summarize("failed", failed_);
  }

 private:
  void measure_in(std::string_view hook) {
    if (hook != options_.hook) return;
    try {
      measure();
      ++measured_;
    } catch (const knack::Error&) {
      if (!options_.catches) throw;
      ++failed_;
    }
  }

  void measure() const {
    if (options_.what == "evaluate") {
      (void)host_.weights().live().evaluate("loss");
    } else {
      host_.norm().observe(0, [](std::int64_t, const knack::Tensor&) {});
    }
  }

  Options options_;
  knack::Host host_;
  std::int64_t measured_ = 0;
  std::int64_t failed_ = 0;
};

}  // namespace

KNACK_PLUGIN("1.0.0", Measures)
