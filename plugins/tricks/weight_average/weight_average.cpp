// SPDX-License-Identifier: MIT
// The arithmetic mean of the weights after several epochs.
#include <knack/sdk/norm_statistics.hpp>
#include <knack/sdk/trick.hpp>

#include "snapshots.hpp"
#include "weight_mean.hpp"

namespace {

using weight_average::Snapshot;
using weight_average::WeightMean;

constexpr const char* kBestSet = "best";

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
    spec.add("of", &Options::of, "The weight set to average over the epochs");
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
             "Publish the single best epoch too, as weight set \"best\" (best and greedy)");
  }
};

class WeightAverage final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "weight_average",
                                    .summary = "Average of the weights of the best epochs"};
  using Options = ::Options;

  WeightAverage(const Options& options, knack::Host host)
      : options_(options), host_(host), snapshots_(options.best) {}

  void eval_begin(knack::Context& context) override {
    if (options_.refresh_bn && is_finished_ && context.weight_set() == options_.publish) {
      knack::estimate_norm_statistics(host_, 0);
    }
  }

  void eval_end(knack::Context& context) override {
    const bool is_new = context.epoch() > last_epoch_;
    if (is_finished_ || !is_new || context.weight_set() != options_.of ||
        context.split() != "valid") {
      return;
    }
    last_epoch_ = context.epoch();
    monitor_ = context.monitor();
    higher_is_better_ = context.higher_is_better();
    const Snapshot snapshot{context.epoch(), context.monitored()};
    if (options_.select == "swa") {
      add_to_mean(snapshot, context.total_epochs());
    } else if (options_.select == "last") {
      keep(snapshot, snapshots_.add_last(snapshot));
    } else if (snapshots_.is_wanted(snapshot.monitored, higher_is_better_)) {
      keep(snapshot, snapshots_.add_best(snapshot, higher_is_better_));
    } else if (std::isnan(snapshot.monitored)) {
      host_.log().warning("epoch " + std::to_string(snapshot.epoch) + " is left out: its " +
                          monitor_ + " is NaN");
    }
  }

  void fit_end(knack::Context& /*context*/) override {
    is_finished_ = true;
    if (snapshots_.kept().empty() && averaged_.empty()) {
      host_.log().warning("no epoch qualified, so there is no average");
      return;
    }
    const knack::WeightSet average = host_.weights().publish(options_.publish);
    if (options_.select == "greedy") averaged_ = choose_greedily(average);
    if (options_.select == "best" || options_.select == "last") averaged_ = snapshots_.kept();
    if (options_.select == "swa") {
      mean_.write(average);
    } else {
      average_files(averaged_, average);
    }
    const bool knows_best = options_.select == "best" || options_.select == "greedy";
    if (options_.publish_best && knows_best) {
      const std::string path = snapshots_.ranked(higher_is_better_).front().path();
      host_.weights().publish(kBestSet).load(path);
    }
    summarize();
  }

  void save(knack::StateWriter& state) const override;
  void load(const knack::StateReader& state) override;

 private:
  void keep(const Snapshot& snapshot, const std::optional<Snapshot>& evicted) {
    host_.weights().find(options_.of).save(snapshot.path());
    if (evicted) host_.weights().remove(evicted->path());
  }

  void add_to_mean(const Snapshot& snapshot, std::int64_t total_epochs) {
    const double start = options_.start * static_cast<double>(total_epochs);
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
    double reached = 0;
    for (const Snapshot& candidate : snapshots_.ranked(higher_is_better_)) {
      std::vector<Snapshot> trial = members;
      trial.push_back(candidate);
      std::sort(trial.begin(), trial.end(),
                [](const Snapshot& a, const Snapshot& b) { return a.epoch < b.epoch; });
      average_files(trial, average);
      const double monitored = average.evaluate(monitor_);
      const bool is_worse =
          std::isnan(monitored) || weight_average::is_better(reached, monitored, higher_is_better_);
      if (!members.empty() && is_worse) continue;
      members = std::move(trial);
      reached = monitored;
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
  }

  Options options_;
  knack::Host host_;
  weight_average::Snapshots snapshots_;  // best, last, greedy
  WeightMean mean_;                      // swa
  std::vector<Snapshot> averaged_;
  std::string monitor_;
  bool higher_is_better_ = true;
  std::int64_t last_epoch_ = 0;
  bool is_finished_ = false;
};

knack::Value to_value(const std::vector<Snapshot>& snapshots) {
  knack::Value::List list;
  for (const Snapshot& snapshot : snapshots) {
    list.push_back(
        knack::Value::map({{"epoch", snapshot.epoch}, {"monitored", snapshot.monitored}}));
  }
  return knack::Value::list(std::move(list));
}

std::vector<Snapshot> to_snapshots(knack::ValueView list) {
  std::vector<Snapshot> snapshots;
  for (std::size_t i = 0; i < list.size(); ++i) {
    snapshots.push_back({list[i]["epoch"].integer(), list[i]["monitored"].number()});
  }
  return snapshots;
}

void WeightAverage::save(knack::StateWriter& state) const {
  state.set("kept", to_value(snapshots_.kept()));
  state.set("averaged", to_value(averaged_));
  state.set("monitor", monitor_);
  state.set("higher_is_better", higher_is_better_);
  state.set("last_epoch", last_epoch_);
  mean_.save(state);
}

void WeightAverage::load(const knack::StateReader& state) {
  snapshots_.restore(to_snapshots(state["kept"]));
  averaged_ = to_snapshots(state["averaged"]);
  monitor_ = state["monitor"].string();
  higher_is_better_ = state["higher_is_better"].boolean();
  last_epoch_ = state["last_epoch"].integer();
  mean_.load(state);
}

}  // namespace

KNACK_PLUGIN("1.0.0", WeightAverage)
