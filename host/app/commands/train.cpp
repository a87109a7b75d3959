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

}  // namespace

void run_command(const TrainCommand& command, const CommonOptions& common) {
  Workshop workshop(common);
  Recipe recipe = workshop.open_recipe(command.recipe);
  const RunFolder folder =
      command.run_folder.empty()
          ? RunFolder::create_under(recipe.trainer.run_root, recipe.name)
          : RunFolder::create(command.run_folder);
  workshop.console().attach_log_file(folder.log_file());
  try {
    Fit fit(recipe, workshop.registry(), workshop.services(), workshop.console(), &folder);
    Recipe as_run = recipe;
    as_run.trainer.threads = fit.threads();
    write_json(folder.recipe_file(), recipe_with_provenance(as_run, workshop.registry()));
    workshop.console().info(fit.description());
    Session session(recipe, fit, workshop.console(), folder);
    print_result(session.run(), folder);
  } catch (const std::exception& error) {
    workshop.console().debug(std::string("error: ") + error.what());  // also in the run's log
    throw;
  }
}

}  // namespace knack::host
