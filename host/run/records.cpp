// SPDX-License-Identifier: MIT
#include "host/run/records.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "host/common/json_text.hpp"
#include "host/ui/color.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

/// The metric that a table shows beside the loss: the monitored one, unless that is the loss.
std::string beside_loss(const Metrics& metrics, const std::string& monitor) {
  if (monitor != "loss") return monitor;
  const auto other = std::find_if(metrics.begin(), metrics.end(),
                                  [](const auto& entry) { return entry.first != "loss"; });
  return other == metrics.end() ? monitor : other->first;
}

}  // namespace

double metric(const Metrics& metrics, const std::string& name) {
  const auto found = metrics.find(name);
  return found == metrics.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

Json json_of(const Metrics& metrics) {
  Json json = Json::object();
  for (const auto& [name, value] : metrics) json[name] = value;
  return json;
}

Records::Records(const Recipe& recipe, Fit& fit, Console& console, const RunFolder& folder,
                 EventStream& stream)
    : recipe_(recipe),
      fit_(fit),
      console_(console),
      folder_(folder),
      stream_(stream),
      file_(folder) {}

void Records::begin() {
  const Json recipe = resolved(recipe_);
  std::vector<std::string> compared;
  for (const auto& set : fit_.weights().sets()) {
    compared.push_back("valid/" + recipe_.trainer.monitor + "/" + set->name);
  }
  events_.emplace(folder_);
  events_->add_text("recipe", "```json\n" + json_text(recipe) + "\n```");
  events_->add_hyper_parameters(recipe, compared);
}

void Records::go_on(const RecordsPosition& position) {
  if (!file_.cut(static_cast<std::uint64_t>(position.metrics_bytes))) {
    console_.warning("metrics.jsonl lacks records from before the checkpoint");
  }
  events_ = EventFile::go_on(folder_, position.events_file,
                             static_cast<std::uint64_t>(position.events_bytes));
  if (!events_) {
    if (!position.events_file.empty()) {
      console_.warning(position.events_file +
                       " lacks records from before the checkpoint; another begins beside it");
    }
    begin();
  }
  considered_step_ = fit_.loop().counters().step;
}

RecordsPosition Records::sync() {
  return {static_cast<std::int64_t>(file_.sync()), events_->path().filename(),
          static_cast<std::int64_t>(events_->sync())};
}

void Records::end(bool is_success) {
  if (events_) events_->add_end(is_success);
}

void Records::add(const char* event, const Json& line) {
  file_.append(line);
  events_->add_scalars(fit_.loop().counters().step,
                       scalars_of(line, recipe_.trainer.record_every_steps));
  stream_.send(event, {{"record", line}});
}

Json Records::begin_line(const std::string& split, const std::string& set) const {
  const Counters& now = fit_.loop().counters();
  return {{"step", now.step},
          {"epoch", now.epoch},
          {"samples", now.samples_seen},
          {"split", split},
          {"weights", set}};
}

void Records::add_step() {
  const std::int64_t step = fit_.loop().counters().step;
  const std::int64_t every = recipe_.trainer.record_every_steps;
  const bool is_new = std::exchange(considered_step_, step) != step;
  if (every == 0 || !is_new || step % every != 0) return;
  Json line = begin_line("step", "live");
  line["loss"] = fit_.loop().state().window_loss;
  add_pace(line);
  add("step", line);
}

void Records::add_training(double seconds, std::int64_t samples) {
  Json line = begin_line("train", "live");
  line["loss"] = fit_.loop().mean_loss();
  add_pace(line);
  if (const std::int64_t skipped = fit_.loop().state().skipped_in_epoch; skipped > 0) {
    line["skipped_steps"] = skipped;
  }
  line["seconds"] = seconds;
  line["samples_per_second"] = static_cast<double>(samples) / seconds;
  line.update(json_of(fit_.take_reported()));
  for (const auto& [name, spent] : fit_.take_hook_seconds()) {
    line.emplace(name, spent);  // unless the trick itself reported a number of this name
  }
  add("epoch", line);
}

// How fast the weights move: what the optimizer was given.
void Records::add_pace(Json& line) const {
  if (const std::optional<double> lr = fit_.learning_rate()) line["lr"] = *lr;
  const double norm = fit_.loop().state().gradient_norm;
  if (!std::isnan(norm)) line["grad_norm"] = norm;
}

void Records::add_evaluation(const std::string& split, const std::string& set,
                             const Metrics& metrics, bool is_final) {
  Json line = begin_line(split, set);
  if (is_final) line["final"] = true;
  line.update(json_of(metrics));
  add("evaluation", line);
}

void Records::show_epoch(const EvaluatedSets& evaluated, double seconds) {
  constexpr std::size_t kWidth = 7;  // so that two weight sets fit into 80 columns
  const Counters& now = fit_.loop().counters();
  std::vector<std::string> columns = {"epoch", "step", "train loss"};
  std::vector<std::string> cells = {
      std::to_string(now.epoch) + "/" + std::to_string(now.total_epochs), std::to_string(now.step),
      number_text(fit_.loop().mean_loss())};
  for (const auto& [set, metrics] : evaluated) {
    const std::string other = beside_loss(metrics, recipe_.trainer.monitor);
    columns.insert(columns.end(), {set + " loss", set + " " + other});
    for (const std::string& name : {std::string("loss"), other}) {
      const double value = metric(metrics, name);
      const bool is_best = name == recipe_.trainer.monitor &&
                           is_better(value, best_shown_, recipe_.trainer.mode == "max");
      if (is_best) best_shown_ = value;
      cells.push_back(painted(number_text(value), Paint::green, is_best && console_.has_color()));
    }
  }
  columns.push_back("time");
  cells.push_back(duration_text(seconds));
  if (columns != columns_) {
    columns_ = columns;
    console_.info(table_row(columns, columns, kWidth));
  }
  console_.info(table_row(cells, columns, kWidth));
}

}  // namespace knack::host
