// SPDX-License-Identifier: MIT
// Replaces what a hook may replace by a multiple of it.
#include <knack/sdk/trick.hpp>

namespace {

struct Options {
  std::string what = "inputs";
  double factor = 1;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("what", &Options::what, "What to replace")
        .one_of({"inputs", "targets", "outputs", "loss"});
    spec.add("factor", &Options::factor, "It is multiplied with this");
  }
};

class Replaces final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "replaces", .summary = "A fixture."};
  using Options = ::Options;

  explicit Replaces(const Options& options) : options_(options) {}

  void batch(knack::Context& context) override {
    if (options_.what == "inputs") {
      context.replace_inputs(context.inputs().tensor() * options_.factor);
    }
    if (options_.what == "targets") {
      const knack::Tensor targets = context.targets().tensor();
      context.replace_targets((targets * options_.factor).to(targets.dtype()));
    }
  }
  void forward(knack::Context& context) override {
    if (options_.what == "outputs") {
      context.replace_outputs(context.outputs().tensor() * options_.factor);
    }
  }
  void loss(knack::Context& context) override {
    if (options_.what == "loss") context.replace_loss(context.loss() * options_.factor);
  }

 private:
  Options options_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", Replaces)
