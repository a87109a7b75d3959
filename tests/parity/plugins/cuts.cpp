// SPDX-License-Identifier: MIT
// Shortens the micro-batches of each window, so that they are of chosen unequal sizes.
#include <knack/sdk/trick.hpp>

namespace {

struct Options {
  std::vector<std::int64_t> samples;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("samples", &Options::samples, "What is left of each micro-batch of a window");
  }
};

class Cuts final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "cuts", .summary = "A fixture."};
  using Options = ::Options;

  explicit Cuts(const Options& options) : options_(options) {}

  void batch(knack::Context& context) override {
    const std::int64_t left =
        options_.samples.at(static_cast<std::size_t>(context.window_position()));
    context.replace_inputs(context.inputs().tensor().narrow(0, 0, left));
    context.replace_targets(context.targets().tensor().narrow(0, 0, left));
  }

 private:
  Options options_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", Cuts)
