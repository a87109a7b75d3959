// SPDX-License-Identifier: MIT
#include "host/run/result.hpp"

#include <algorithm>

#include "host/run/records.hpp"
#include "host/ui/table.hpp"

namespace knack::host {

void choose_set(FitResult& result, const TrainerOptions& options) {
  const std::string& monitor = options.monitor;
  const bool higher = options.mode == "max";
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

nlohmann::ordered_json summary_of(const FitResult& result, Fit& fit, const TrainerOptions& options,
                                  double seconds) {
  const Counters& now = fit.loop().counters();
  nlohmann::ordered_json summary = {{"chosen", result.chosen},     {"reason", result.reason},
                                    {"monitor", options.monitor},  {"mode", options.mode},
                                    {"epochs", now.epoch},         {"steps", now.step},
                                    {"samples", now.samples_seen}, {"seconds", seconds}};
  for (const FinalSet& set : result.sets) {
    nlohmann::ordered_json& entry = summary["sets"][set.name];
    entry["valid"] = json_of(set.valid);
    if (!set.test.empty()) entry["test"] = json_of(set.test);
  }
  summary["tricks"] = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < fit.hooks().tricks().size(); ++i) {
    const std::string& name = fit.hooks().tricks()[i].name();
    nlohmann::ordered_json& entry = summary["tricks"][name];
    const auto facts = fit.facts().find(name);
    entry = facts == fit.facts().end() ? nlohmann::ordered_json::object() : facts->second;
    entry["seconds"] = fit.hooks().seconds(i);
  }
  return summary;
}

}  // namespace knack::host
