// SPDX-License-Identifier: MIT
// The arithmetic mean of the weights after several epochs.
#include <knack/sdk/trick.hpp>

#include <optional>

#include "norm_refresh.hpp"
#include "set_names.hpp"
#include "snapshot_state.hpp"
#include "snapshots.hpp"
#include "weight_mean.hpp"

namespace {

using weight_average::Snapshot;
using weight_average::WeightMean;

struct Options {
  std::int64_t best = 5;
  std::string of = "live";
  std::string select = "best";
  double start = 0.75;
  bool refresh_bn = true;
  std::string publish = "average";
  bool publish_best = true;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("best", &Options::best, "How many epochs to keep (not swa)").at_least(1);
    spec.add("of", &Options::of,
             "The weight set to average over the epochs; "
             "published before the first of them begins");
    spec.add("select", &Options::select,
             "Which epochs are averaged: the best by the monitored metric, the last, those of the "
             "best that do not make the average worse, or all from `start` on")
        .one_of({"best", "last", "greedy", "swa"});
    spec.add("start", &Options::start, "swa: share of the epochs after which averaging begins")
        .at_least(0)
        .below(1);
    spec.add("refresh_bn", &Options::refresh_bn,
             "Measure the BatchNorm statistics of the average on all training data");
    spec.add("publish", &Options::publish, "Name of the weight set");
    spec.add("publish_best", &Options::publish_best,
             "Publish the single best epoch too (best and greedy), as weight set \"best\", or "
             "\"<publish>_best\" when `publish` is not \"average\"");
  }
};

class WeightAverage final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "weight_average",
                                    .summary = "Average of the weights of the best epochs"};
  using Options = ::Options;
  // 1 had no "has_checked_names", 2 no "total_epochs".
  static constexpr std::uint32_t state_version = 3;

  WeightAverage(const Options& options, knack::Host host)
      : options_(options), host_(host), snapshots_(options.best) {
    if (!weight_average::is_publishable(options.publish)) {
      throw knack::Error(KNACK_STATUS_INVALID,
                         "option \"publish\": expected a name of 1 to 59 letters, digits, `_`, `-` "
                         "and `.` other than `live` and `model`, found `" +
                             options.publish + "`");
    }
  }

  void fit_begin(knack::Context& /*context*/) override {
    check_names_are_free();
  }

  /// The other tricks have published their sets in fit_begin: a misspelt name costs no epoch.
  void epoch_begin(knack::Context& /*context*/) override {
    if (!has_checked_names_) (void)host_.weights().find(options_.of);
  }

  void eval_begin(knack::Context& context) override {
    const bool is_average = !average_name_.empty() && context.weight_set() == average_name_;
    if (options_.refresh_bn && is_average) {
      weight_average::refresh_norm_statistics(host_);
    }
  }

  void eval_end(knack::Context& context) override {
    // An epoch counts by its own evaluation, not by those of other tricks or after the fit.
    if (context.is_trial() || context.is_final() || context.weight_set() != options_.of) return;
    monitor_ = context.monitor();
    higher_is_better_ = context.higher_is_better();
    const Snapshot snapshot{context.epoch(), context.monitored()};
    if (options_.select == "swa") {
      add_to_mean(snapshot, context.total_epochs());
    } else {
      keep(snapshot);
    }
  }

  /// By now all names are taken but those that are published after the last epoch.
  void epoch_end(knack::Context& /*context*/) override {
    if (has_checked_names_) return;
    check_names_are_free();
    has_checked_names_ = true;
  }

  void fit_end(knack::Context& /*context*/) override {
    if (options_.select == "swa" ? averaged_.empty() : snapshots_.kept().empty()) {
      host_.log().warning("no epoch qualified, so there is no average");
      return;
    }
    average_name_ = free_name(options_.publish);
    const knack::WeightSet average = host_.weights().publish(average_name_);
    if (options_.select == "greedy") averaged_ = choose_greedily(average);
    if (options_.select == "best" || options_.select == "last") averaged_ = snapshots_.kept();
    if (options_.select == "swa") {
      mean_.write(average);
    } else {
      average_files(averaged_, average);
    }
    if (publishes_best()) {
      const std::string path = snapshots_.ranked(higher_is_better_).front().path();
      const std::string name = free_name(weight_average::name_of_best(options_.publish));
      host_.weights().publish(name).load(path);
    }
    summarize();
  }

  void save(knack::StateWriter& state) const override;
  void load(const knack::StateReader& state) override;

 private:
  [[nodiscard]] bool publishes_best() const {
    return options_.publish_best && (options_.select == "best" || options_.select == "greedy");
  }

  [[nodiscard]] bool is_published(const std::string& name) const {
    try {
      return host_.weights().find(name).defined();
    } catch (const knack::Error& error) {
      if (error.status() != KNACK_STATUS_NOT_FOUND) throw;
      return false;
    }
  }

  void check_names_are_free() const {
    const auto check = [this](const std::string& name) {
      if (!is_published(name)) return;
      throw knack::Error(KNACK_STATUS_INVALID, "option \"publish\": `" + options_.publish +
                                                   "` needs the name `" + name +
                                                   "`, which is already taken by another weight "
                                                   "set; give one of the two another name");
    };
    check(options_.publish);
    if (publishes_best()) check(weight_average::name_of_best(options_.publish));
  }

  /// A name that was taken since the first epoch must not cost the run its average.
  [[nodiscard]] std::string free_name(const std::string& name) const {
    std::string free = name;
    for (int number = 2; is_published(free); ++number) free = name + "_" + std::to_string(number);
    if (free != name) {
      host_.log().warning("weight set `" + name + "` is already taken, so this one becomes `" +
                          free + "`");
    }
    return free;
  }

  /// Returns the one that does not stay, if any: one from before, or `snapshot` itself.
  std::optional<Snapshot> offer(const Snapshot& snapshot) {
    if (options_.select == "last") return snapshots_.add_last(snapshot);
    if (!snapshots_.is_wanted(snapshot.monitored, higher_is_better_)) return snapshot;
    return snapshots_.add_best(snapshot, higher_is_better_);
  }

  void keep(const Snapshot& snapshot) {
    const std::optional<Snapshot> leaving = offer(snapshot);
    if (!leaving || leaving->epoch != snapshot.epoch) {
      host_.weights().find(options_.of).save(snapshot.path());
      if (leaving) host_.weights().remove(leaving->path());
    } else if (!std::isfinite(snapshot.monitored)) {
      host_.log().warning("epoch " + std::to_string(snapshot.epoch) + " is left out: its " +
                          monitor_ + " is not finite");
    }
  }

  void add_to_mean(const Snapshot& snapshot, std::int64_t total_epochs) {
    if (total_epochs_ == 0) total_epochs_ = total_epochs;
    const double start = options_.start * static_cast<double>(total_epochs_);
    if (static_cast<double>(snapshot.epoch) <= start) return;
    mean_.add(host_.weights().find(options_.of));
    averaged_.push_back(snapshot);
  }

  static void average_files(const std::vector<Snapshot>& members, const knack::WeightSet& average) {
    WeightMean mean;
    for (const Snapshot& member : members) {
      average.load(member.path());
      mean.add(average);
    }
    mean.write(average);
  }

  /// Greedy soup, Wortsman et al., arXiv 2203.05482, recipe 1: from the best epoch down, one is
  /// added when the average does not become worse by it.
  std::vector<Snapshot> choose_greedily(const knack::WeightSet& average) {
    std::vector<Snapshot> members;
    for (const Snapshot& candidate : snapshots_.ranked(higher_is_better_)) {
      std::vector<Snapshot> trial = members;
      trial.push_back(candidate);
      std::sort(trial.begin(), trial.end(),
                [](const Snapshot& a, const Snapshot& b) { return a.epoch < b.epoch; });
      average_files(trial, average);
      const double monitored = average.evaluate(monitor_);
      const bool is_worse = !std::isfinite(monitored) ||
                            weight_average::is_better(reached_, monitored, higher_is_better_);
      if (!members.empty() && is_worse) continue;
      members = std::move(trial);
      reached_ = monitored;
    }
    return members;
  }

  void summarize() {
    std::vector<std::int64_t> epochs;
    std::vector<double> monitored;
    for (const Snapshot& snapshot : averaged_) {
      epochs.push_back(snapshot.epoch);
      monitored.push_back(snapshot.monitored);
    }
    host_.metrics().summarize("epochs", knack::Value::list_of(epochs));
    host_.metrics().summarize("monitored", knack::Value::list_of(monitored));
    if (options_.select == "greedy") host_.metrics().summarize("reached", reached_);
  }

  Options options_;
  knack::Host host_;
  weight_average::Snapshots snapshots_;  // best, last, greedy
  WeightMean mean_;                      // swa
  std::int64_t total_epochs_ = 0;        // swa: as planned after the first epoch
  std::vector<Snapshot> averaged_;
  std::string monitor_;
  bool higher_is_better_ = true;
  double reached_ = 0;  // greedy: by the average of `averaged_`
  bool has_checked_names_ = false;
  std::string average_name_;  // once published
};

void WeightAverage::save(knack::StateWriter& state) const {
  state.set("kept", weight_average::to_value(snapshots_.kept()));
  state.set("averaged", weight_average::to_value(averaged_));
  state.set("monitor", monitor_);
  state.set("higher_is_better", higher_is_better_);
  state.set("has_checked_names", has_checked_names_);
  state.set("total_epochs", total_epochs_);
  mean_.save(state);
}

void WeightAverage::load(const knack::StateReader& state) {
  const std::vector<Snapshot> kept = weight_average::to_snapshots(state["kept"]);
  averaged_ = weight_average::to_snapshots(state["averaged"]);
  monitor_ = state["monitor"].string();
  higher_is_better_ = state["higher_is_better"].boolean();
  has_checked_names_ = state.version() >= 2 && state["has_checked_names"].boolean();
  total_epochs_ = state.version() < 3 ? 0 : state["total_epochs"].integer();
  mean_.load(state);
  // All of them stay, unless the run goes on with a smaller `best` or another `select`.
  for (const Snapshot& snapshot : kept) {
    const std::optional<Snapshot> leaving = offer(snapshot);
    if (leaving) host_.weights().remove(leaving->path());
  }
}

}  // namespace

KNACK_PLUGIN("1.0.0", WeightAverage)
