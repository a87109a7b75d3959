// SPDX-License-Identifier: MIT
#include "host/explain/last_run.hpp"

#include <string>

#include "host/common/error.hpp"
#include "host/report/run_folder.hpp"
#include "host/report/run_search.hpp"

namespace knack::host {
namespace {

bool is_of(const RunFolder& folder, const Recipe& recipe) {
  const Json other = read_json(folder.recipe_file());
  return other.at("name") == recipe.name && other.at("model").at("use") == recipe.model.use;
}

LastRun read_run(const RunFolder& folder) {
  const Json summary = read_json(folder.summary_file());
  LastRun run;
  run.folder = folder.path().string();
  run.seconds = summary.at("seconds").get<double>();
  run.chosen = summary.at("chosen").get<std::string>();
  for (const auto& [name, facts] : summary.at("tricks").items()) {
    TrickCost& cost = run.tricks[name];
    cost.seconds = facts.at("seconds").get<double>();
    cost.share = run.seconds > 0.0 ? cost.seconds / run.seconds : 0.0;
    cost.facts = facts;
    cost.facts.erase("seconds");
  }
  return run;
}

}  // namespace

std::optional<LastRun> find_last_run(const Recipe& recipe) {
  for (const std::filesystem::path& path : runs_below(recipe.trainer.run_root)) {
    try {
      const RunFolder folder = RunFolder::open(path);
      if (folder.is_finished() && is_of(folder, recipe)) return read_run(folder);
    } catch (const Error&) {  // no run, or not a whole one
    } catch (const Json::exception&) {
    }
  }
  return std::nullopt;
}

}  // namespace knack::host
