// SPDX-License-Identifier: MIT
// Precise BatchNorm: running statistics measured anew before an evaluation.
#include <algorithm>
#include <knack/sdk/norm_statistics.hpp>
#include <knack/sdk/trick.hpp>
#include <utility>

namespace {

struct Options {
  std::int64_t samples = 8192;
  std::int64_t every = 1;
  std::vector<std::string> sets = {"all"};

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("samples", &Options::samples,
             "Training samples that are looked at; no more than exist")
        .at_least(1);
    spec.add("every", &Options::every,
             "Epochs from one with estimates to the next; after the fit there always are some")
        .at_least(1);
    spec.add("sets", &Options::sets,
             "Names of the weight sets to estimate for; \"all\": every one");
  }
};

class PreciseBn final : public knack::Trick {
 public:
  static constexpr knack::Info info{
      .id = "precise_bn",
      .summary = "BatchNorm statistics of the weights that are evaluated, from training data"};
  using Options = ::Options;

  PreciseBn(const Options& options, knack::Host host) : options_(options), host_(host) {}

  void fit_begin(knack::Context& /*context*/) override {
    if (options_.every == 1) return;
    host_.log().warning(
        "every = " + std::to_string(options_.every) +
        ": metrics of epochs with and without an estimate are not comparable; weight_average then "
        "chooses among unlike numbers");
  }

  void eval_begin(knack::Context& context) override {
    if (context.is_final()) warn_of_unknown_sets();
    if (!is_due(context)) return;
    const knack::NormEstimate estimate = knack::estimate_norm_statistics(host_, options_.samples);
    if (estimate.samples < options_.samples && !told_shortage_ && estimate.samples > 0) {
      host_.log().info("the training data has " + std::to_string(estimate.samples) + " of the " +
                       std::to_string(options_.samples) + " samples asked for; all are used");
      told_shortage_ = true;
    }
    for (const std::string& layer : estimate.not_finite) {
      host_.log().warning("the statistics of " + layer + " are not finite in weight set " +
                          std::string(context.weight_set()));
    }
  }

 private:
  /// After the fit all sets are there.
  void warn_of_unknown_sets() {
    if (std::exchange(told_unknown_, true)) return;
    for (const std::string& name : options_.sets) {
      if (name == "all") continue;
      try {
        (void)host_.weights().find(name);
      } catch (const knack::Error& error) {
        if (error.status() != KNACK_STATUS_NOT_FOUND) throw;
        host_.log().warning("option \"sets\": nobody publishes a weight set `" + name + "`");
      }
    }
  }

  [[nodiscard]] bool is_due(const knack::Context& context) const {
    const auto asks_for = [&](std::string_view name) {
      return std::find(options_.sets.begin(), options_.sets.end(), name) != options_.sets.end();
    };
    if (!asks_for("all") && !asks_for(context.weight_set())) return false;
    return context.is_final() || (context.epoch() - 1) % options_.every == 0;
  }

  Options options_;
  knack::Host host_;
  bool told_shortage_ = false;
  bool told_unknown_ = false;
};

}  // namespace

KNACK_PLUGIN("1.0.0", PreciseBn)
