// SPDX-License-Identifier: MIT
#include "host/train/session.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>

#include "host/common/error.hpp"
#include "host/ui/table.hpp"
#include "host/weights/weight_file.hpp"

namespace knack::host {
namespace {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

nlohmann::ordered_json json_of(const Metrics& metrics) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [name, value] : metrics) {
    json[name] = value;  // NaN and infinities become null
  }
  return json;
}

double metric(const Metrics& metrics, const std::string& name) {
  const auto found = metrics.find(name);
  return found == metrics.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

/// The metric that a table shows beside the loss: the monitored one, unless that is the loss.
std::string beside_loss(const Metrics& metrics, const std::string& monitor) {
  if (monitor != "loss") return monitor;
  const auto other = std::find_if(metrics.begin(), metrics.end(),
                                  [](const auto& entry) { return entry.first != "loss"; });
  return other == metrics.end() ? monitor : other->first;
}

}  // namespace

Session::Session(const Recipe& recipe, Fit& fit, Console& console, const RunFolder& folder)
    : recipe_(recipe),
      fit_(fit),
      console_(console),
      folder_(folder),
      metrics_file_(folder),
      progress_(console, recipe.trainer.log_every_seconds) {}

FitResult Session::run() {
  const Stopwatch watch;
  run_epochs();
  save_sets();  // should a trick fail in fit_end, what was trained is there all the same
  knack_hook_context_t end = fit_.context();
  fit_.hooks().call(Hook::fit_end, end);

  FitResult result;
  for (std::size_t i = 0; i < fit_.weights().sets().size(); ++i) {
    result.sets.push_back(finish_set(*fit_.weights().sets()[i]));
  }
  choose(result);
  const std::filesystem::path model = folder_.weights_file("model");
  std::filesystem::copy_file(folder_.weights_file(result.chosen), model.string() + ".tmp",
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::rename(model.string() + ".tmp", model);
  write_summary(result, watch.seconds());
  return result;
}

void Session::run_epochs() {
  Loop& loop = fit_.loop();
  const auto on_step = [&] {
    if (progress_.is_due()) {
      const Counters& now = loop.counters();
      progress_.show({now.epoch, now.total_epochs, now.step, now.total_steps, now.samples_seen,
                      loop.running_loss().mean()});
    }
  };
  bool was_finite = true;
  while (loop.counters().epoch < recipe_.trainer.epochs) {
    const Stopwatch watch;
    const std::int64_t samples_before = loop.counters().samples_seen;
    const Loop::Outcome outcome = loop.run_epoch(on_step);
    record_training(watch.seconds(), loop.counters().samples_seen - samples_before);
    if (was_finite && !std::isfinite(loop.running_loss().mean())) {
      console_.warning("the training loss is not finite since epoch " +
                       std::to_string(loop.counters().epoch) + "; a smaller lr may help");
      was_finite = false;
    }
    write_row(evaluate_sets(), watch.seconds());
    knack_hook_context_t end = fit_.context();
    const std::uint32_t reply = fit_.hooks().call(Hook::epoch_end, end);
    if (outcome == Loop::Outcome::stop_fit || reply == KNACK_REPLY_STOP_FIT) {
      console_.info("stopped after epoch " + std::to_string(loop.counters().epoch) +
                    " at the request of a trick");
      break;
    }
  }
}

nlohmann::ordered_json Session::record(const std::string& split, const std::string& set) const {
  const Counters& now = fit_.loop().counters();
  return {{"step", now.step},
          {"epoch", now.epoch},
          {"samples", now.samples_seen},
          {"split", split},
          {"weights", set}};
}

void Session::record_training(double seconds, std::int64_t samples) {
  nlohmann::ordered_json line = record("train", "live");
  line["loss"] = fit_.loop().running_loss().mean();
  if (const std::optional<double> lr = fit_.learning_rate()) line["lr"] = *lr;
  line["seconds"] = seconds;
  line["samples_per_second"] = static_cast<double>(samples) / seconds;
  line.update(json_of(fit_.take_reported()));
  metrics_file_.append(line);
}

void Session::record_evaluation(const std::string& split, const std::string& set,
                                const Metrics& metrics, bool is_final) {
  nlohmann::ordered_json line = record(split, set);
  if (is_final) line["final"] = true;
  line.update(json_of(metrics));
  metrics_file_.append(line);
}

std::vector<std::pair<std::string, Metrics>> Session::evaluate_sets() {
  std::vector<std::pair<std::string, Metrics>> evaluated;
  for (std::size_t i = 0; i < fit_.weights().sets().size(); ++i) {
    WeightSet& set = *fit_.weights().sets()[i];
    evaluated.emplace_back(set.name, fit_.evaluator().evaluate(set, fit_.context()));
    record_evaluation("valid", set.name, evaluated.back().second, false);
  }
  return evaluated;
}

void Session::write_row(const std::vector<std::pair<std::string, Metrics>>& evaluated,
                        double seconds) {
  constexpr std::size_t kWidth = 10;
  const Counters& now = fit_.loop().counters();
  std::vector<std::string> columns = {"epoch", "step", "train loss"};
  std::vector<std::string> cells = {
      std::to_string(now.epoch) + "/" + std::to_string(now.total_epochs), std::to_string(now.step),
      number_text(fit_.loop().running_loss().mean())};
  for (const auto& [set, metrics] : evaluated) {
    const std::string other = beside_loss(metrics, recipe_.trainer.monitor);
    columns.insert(columns.end(), {set + " loss", set + " " + other});
    cells.insert(cells.end(),
                 {number_text(metric(metrics, "loss")), number_text(metric(metrics, other))});
  }
  columns.push_back("time");
  cells.push_back(duration_text(seconds));
  if (columns != columns_) {
    columns_ = columns;
    console_.info(table_row(columns, kWidth));
  }
  console_.info(table_row(cells, kWidth));
}

void Session::save_sets() const {
  for (const auto& set : fit_.weights().sets()) {
    save_weights(fit_.weights(), *set, folder_.weights_file(set->name), {{"weights", set->name}});
  }
}

FinalSet Session::finish_set(WeightSet& set) {
  FinalSet final{set.name, {}, {}};
  knack_hook_context_t context = fit_.context();
  context.is_final = 1;
  final.valid = fit_.evaluator().evaluate(set, context, [&] {
    save_weights(fit_.weights(), set, folder_.weights_file(set.name), {{"weights", set.name}});
    FitParts& parts = fit_.parts();
    if (parts.test) {
      final.test = measure(*parts.model, *parts.objective, *parts.test->loader, parts.placement);
    }
  });
  record_evaluation("valid", set.name, final.valid, true);
  if (!final.test.empty()) record_evaluation("test", set.name, final.test, true);
  return final;
}

void Session::choose(FitResult& result) const {
  const std::string& monitor = recipe_.trainer.monitor;
  const bool higher = recipe_.trainer.mode == "max";
  const FinalSet* best = &result.sets.front();
  for (const FinalSet& candidate : result.sets) {
    const double ours = metric(candidate.valid, monitor);
    const double theirs = metric(best->valid, monitor);
    const bool tie = ours == theirs;
    if (is_better(ours, theirs, higher) ||
        (tie && is_better(metric(candidate.valid, "loss"), metric(best->valid, "loss"), false))) {
      best = &candidate;
    }
  }
  result.chosen = best->name;
  result.reason = std::string(higher ? "highest " : "lowest ") + monitor + " on valid (" +
                  number_text(metric(best->valid, monitor)) + ")";
  const auto ties = std::count_if(result.sets.begin(), result.sets.end(), [&](const FinalSet& set) {
    return metric(set.valid, monitor) == metric(best->valid, monitor);
  });
  if (ties > 1 && monitor != "loss") {
    result.reason += ", of " + std::to_string(ties) + " equals the lowest loss (" +
                     number_text(metric(best->valid, "loss")) + ")";
  }
}

void Session::write_summary(const FitResult& result, double seconds) const {
  const Counters& now = fit_.loop().counters();
  nlohmann::ordered_json summary = {{"chosen", result.chosen},
                                    {"reason", result.reason},
                                    {"monitor", recipe_.trainer.monitor},
                                    {"mode", recipe_.trainer.mode},
                                    {"epochs", now.epoch},
                                    {"steps", now.step},
                                    {"samples", now.samples_seen},
                                    {"seconds", seconds}};
  for (const FinalSet& set : result.sets) {
    nlohmann::ordered_json& entry = summary["sets"][set.name];
    entry["valid"] = json_of(set.valid);
    if (!set.test.empty()) entry["test"] = json_of(set.test);
  }
  summary["tricks"] = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < fit_.hooks().tricks().size(); ++i) {
    const std::string& name = fit_.hooks().tricks()[i].name();
    nlohmann::ordered_json& entry = summary["tricks"][name];
    const auto facts = fit_.facts().find(name);
    entry = facts == fit_.facts().end() ? nlohmann::ordered_json::object() : facts->second;
    entry["seconds"] = fit_.hooks().seconds(i);
  }
  write_json(folder_.summary_file(), summary);
}

}  // namespace knack::host
