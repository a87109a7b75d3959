// SPDX-License-Identifier: MIT
#include "host/run/records.hpp"

#include <algorithm>
#include <limits>
#include <optional>

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

nlohmann::ordered_json json_of(const Metrics& metrics) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [name, value] : metrics) json[name] = value;
  return json;
}

Records::Records(const Recipe& recipe, Fit& fit, Console& console, const RunFolder& folder)
    : recipe_(recipe), fit_(fit), console_(console), file_(folder) {}

nlohmann::ordered_json Records::begin_line(const std::string& split, const std::string& set) const {
  const Counters& now = fit_.loop().counters();
  return {{"step", now.step},
          {"epoch", now.epoch},
          {"samples", now.samples_seen},
          {"split", split},
          {"weights", set}};
}

void Records::add_training(double seconds, std::int64_t samples) {
  nlohmann::ordered_json line = begin_line("train", "live");
  line["loss"] = fit_.loop().mean_loss();
  if (const std::optional<double> lr = fit_.learning_rate()) line["lr"] = *lr;
  if (const std::int64_t skipped = fit_.loop().state().skipped_in_epoch; skipped > 0) {
    line["skipped_steps"] = skipped;
  }
  line["seconds"] = seconds;
  line["samples_per_second"] = static_cast<double>(samples) / seconds;
  line.update(json_of(fit_.take_reported()));
  file_.append(line);
}

void Records::add_evaluation(const std::string& split, const std::string& set,
                             const Metrics& metrics, bool is_final) {
  nlohmann::ordered_json line = begin_line(split, set);
  if (is_final) line["final"] = true;
  line.update(json_of(metrics));
  file_.append(line);
}

void Records::show_epoch(const EvaluatedSets& evaluated, double seconds) {
  constexpr std::size_t kWidth = 10;
  const Counters& now = fit_.loop().counters();
  std::vector<std::string> columns = {"epoch", "step", "train loss"};
  std::vector<std::string> cells = {
      std::to_string(now.epoch) + "/" + std::to_string(now.total_epochs), std::to_string(now.step),
      number_text(fit_.loop().mean_loss())};
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

}  // namespace knack::host
