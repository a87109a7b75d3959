// SPDX-License-Identifier: MIT
// Precise BatchNorm: running statistics measured anew before an evaluation.
#include <algorithm>
#include <knack/sdk/norm_statistics.hpp>
#include <knack/sdk/trick.hpp>

namespace {

struct Options {
  std::int64_t samples = 8192;
  std::int64_t every = 1;
  std::vector<std::string> sets = {"all"};

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("samples", &Options::samples,
             "Training samples that are looked at; no more than exist")
        .at_least(1);
    spec.add("every", &Options::every, "Evaluations of a weight set from one estimate to the next")
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

  void eval_begin(knack::Context& context) override {
    if (!is_due(context.weight_set())) return;
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

  void fit_end(knack::Context& /*context*/) override {
    is_final_ = true;
  }

  void save(knack::StateWriter& state) const override {
    knack::Value evaluations = knack::Value::map({});
    for (const auto& [set, count] : evaluations_) evaluations.set(set, count);
    state.set("evaluations", std::move(evaluations));
  }

  void load(const knack::StateReader& state) override {
    evaluations_.clear();
    const knack::ValueView evaluations = state["evaluations"];
    for (std::size_t i = 0; i < evaluations.size(); ++i) {
      evaluations_.emplace_back(evaluations.name(i), evaluations[i].integer());
    }
  }

 private:
  /// The first evaluation of a set is due, then every `every`-th, and all of the final sets.
  bool is_due(std::string_view set) {
    const auto asks_for = [&](std::string_view name) {
      return std::find(options_.sets.begin(), options_.sets.end(), name) != options_.sets.end();
    };
    if (!asks_for("all") && !asks_for(set)) return false;
    auto count = std::find_if(evaluations_.begin(), evaluations_.end(),
                              [&](const auto& entry) { return entry.first == set; });
    if (count == evaluations_.end()) count = evaluations_.emplace(count, set, 0);
    return count->second++ % options_.every == 0 || is_final_;
  }

  Options options_;
  knack::Host host_;
  std::vector<std::pair<std::string, std::int64_t>> evaluations_;  // of each set so far
  bool told_shortage_ = false;
  bool is_final_ = false;
};

}  // namespace

KNACK_PLUGIN("1.0.0", PreciseBn)
