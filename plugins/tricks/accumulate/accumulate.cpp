// SPDX-License-Identifier: MIT
// Batch accumulation: one optimizer step from the mean gradient of several micro-batches.
#include <cmath>
#include <knack/sdk/trick.hpp>

namespace {

struct Options {
  std::int64_t batches = 1;
  std::string bn_momentum = "as_is";

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("batches", &Options::batches, "Micro-batches of one optimizer step").at_least(1);
    spec.add("bn_momentum", &Options::bn_momentum,
             "Momentum of BatchNorm's running statistics: as it is, or corrected so that all "
             "updates "
             "of a step weigh as much as one")
        .one_of({"as_is", "corrected"});
  }
};

class Accumulate final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "accumulate",
                                    .summary = "One optimizer step from several micro-batches"};
  using Options = ::Options;

  Accumulate(const Options& options, knack::Host host) : options_(options), host_(host) {}

  void fit_begin(knack::Context& /*context*/) override {
    for (const knack::NormLayer& layer : host_.norm()) own_momenta_.push_back(layer.momentum);
  }

  void window_begin(knack::Context& context) override {
    if (options_.batches > 1) context.request_micro_batches(options_.batches);
  }

  void batch(knack::Context& context) override {
    if (!corrects_momenta() || context.window_position() != 0) return;
    const std::int64_t micro_batches = context.window_micro_batches();
    if (micro_batches != corrected_for_) set_momenta(micro_batches);
  }

  void fit_end(knack::Context& /*context*/) override {
    if (corrected_for_ != 1) set_momenta(1);
  }

  void save(knack::StateWriter& state) const override {
    state.set("corrected_for", corrected_for_);
  }

  void load(const knack::StateReader& state) override {
    const std::int64_t saved = state["corrected_for"].integer();
    // What the layers have now depends on which options and tricks the run goes on with.
    if (corrects_momenta()) {
      set_momenta(saved);
    } else if (saved != 1) {
      set_momenta(1);
    }
  }

 private:
  [[nodiscard]] bool corrects_momenta() const {
    return options_.batches > 1 && options_.bn_momentum == "corrected";
  }

  void set_momenta(std::int64_t micro_batches) {
    corrected_for_ = micro_batches;
    for (std::size_t i = 0; i < own_momenta_.size(); ++i) {
      host_.norm().set_momentum(static_cast<std::int64_t>(i),
                                corrected(own_momenta_[i], micro_batches));
    }
  }

  /// m' = 1 - (1 - m)^(1/n), so that n updates leave (1 - m) of the old statistics, as one does.
  static double corrected(double momentum, std::int64_t micro_batches) {
    if (micro_batches == 1) return momentum;  // to the last bit
    return 1 - std::pow(1 - momentum, 1.0 / static_cast<double>(micro_batches));
  }

  Options options_;
  knack::Host host_;
  std::vector<double> own_momenta_;  // of the layers
  std::int64_t corrected_for_ = 1;   // micro-batches; 1 while they are the layers' own
};

}  // namespace

KNACK_PLUGIN("1.0.0", Accumulate)
