// SPDX-License-Identifier: MIT
#include <filesystem>
#include <iostream>
#include <set>
#include <string>

#include "host/app/commands/commands.hpp"
#include "host/app/provenance.hpp"
#include "host/report/run_folder.hpp"
#include "host/train/fit.hpp"
#include "host/train/session.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

void print_result(const FitResult& result, const RunFolder& folder) {
  std::set<std::string> names;
  for (const FinalSet& set : result.sets) {
    for (const auto& [name, value] : set.valid) {
      names.insert(name);
    }
  }
  const bool has_test = !result.sets.front().test.empty();
  std::vector<std::vector<std::string>> rows(1, {"weights"});
  for (const std::string& name : names) {
    rows[0].push_back("valid " + name);
  }
  for (const std::string& name : names) {
    if (has_test) {
      rows[0].push_back("test " + name);
    }
  }
  for (const FinalSet& set : result.sets) {
    std::vector<std::string>& row = rows.emplace_back();
    row.push_back(set.name + (set.name == result.chosen ? " *" : ""));
    for (const std::string& name : names) {
      row.push_back(number_text(set.valid.at(name)));
    }
    for (const std::string& name : names) {
      if (has_test) {
        row.push_back(number_text(set.test.at(name)));
      }
    }
  }
  std::cout << "\n";
  for (const std::string& line : table_lines(rows)) {
    std::cout << line << "\n";
  }
  std::cout << "\n* chosen: " << result.chosen << ", " << result.reason
            << "\nresults: " << folder.path().string() << std::endl;
}

/// The recipe that repeats this run: with the threads that were chosen and the plugins that were used.
Recipe as_run(Recipe recipe, const Fit& fit, Workshop& workshop) {
  recipe.trainer.threads = fit.threads();
  auto used = plugins_of(recipe, workshop.registry());
  for (const auto& [id, before] : recipe.used_plugins) {
    const auto now = used.find(id);
    if (now != used.end() && now->second.sha256 != before.sha256) {
      workshop.console().warning("plugin " + id + ": the recipe was written by a run with version " +
                                 before.version + " (sha256 " + before.sha256.substr(0, 12) +
                                 "), found version " + now->second.version + " (" +
                                 now->second.sha256.substr(0, 12) +
                                 "); results may differ from that run");
    }
  }
  recipe.used_plugins = std::move(used);
  return recipe;
}

}  // namespace

void run_command(const TrainCommand& command, const CommonOptions& common) {
  Workshop workshop(common);
  const Recipe recipe = workshop.open_recipe(command.recipe);
  const RunFolder folder =
      command.run_folder.empty()
          ? RunFolder::create_under(recipe.trainer.run_root, recipe.name)
          : RunFolder::create(command.run_folder);
  workshop.console().attach_log_file(folder.log_file());
  try {
    Fit fit(recipe, workshop.registry(), workshop.services(), workshop.console(), &folder);
    write_json(folder.recipe_file(), resolved(as_run(recipe, fit, workshop)));
    workshop.console().info(fit.description());
    Session session(recipe, fit, workshop.console(), folder);
    print_result(session.run(), folder);
  } catch (const std::exception& error) {
    workshop.console().debug(std::string("error: ") + error.what());  // also in the run's log
    throw;
  }
}

}  // namespace knack::host
