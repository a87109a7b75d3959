// SPDX-License-Identifier: MIT
#include <iostream>
#include <memory>
#include <string>

#include "host/app/commands/commands.hpp"
#include "host/app/provenance.hpp"
#include "host/app/result_table.hpp"
#include "host/report/run_folder.hpp"
#include "host/train/fit.hpp"
#include "host/train/session.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

void print_result(const FitResult& result, const RunFolder& folder) {
  std::cout << "\n";
  print_table(result_table(result));
  std::cout << "\n* chosen: " << result.chosen << ", " << result.reason
            << "\nresults: " << folder.path().string() << std::endl;
}

/// The recipe that repeats this run: with the threads that were chosen and the plugins that were
/// used.
Recipe as_run(Recipe recipe, const Fit& fit, CommandEnvironment& environment) {
  recipe.trainer.threads = fit.parts().threads;
  auto used = plugins_of(recipe, environment.registry());
  for (const auto& [id, before] : recipe.used_plugins) {
    const auto now = used.find(id);
    if (now != used.end() && now->second.sha256 != before.sha256) {
      environment.console().warning(
          "plugin " + id + ": the recipe was written by a run with version " + before.version +
          " (sha256 " + before.sha256.substr(0, 12) + "), found version " + now->second.version +
          " (" + now->second.sha256.substr(0, 12) + "); results may differ from that run");
    }
  }
  recipe.used_plugins = std::move(used);
  return recipe;
}

/// What comes before training. When it fails, the folder is as it was, so that it can be given
/// again.
std::unique_ptr<Fit> prepare(const Recipe& recipe, const RunFolder& folder,
                             CommandEnvironment& environment) {
  try {
    environment.console().attach_log_file(folder.log_file());
    auto fit =
        std::make_unique<Fit>(recipe, environment.registry(), environment.services(), &folder);
    write_json(folder.recipe_file(), resolved(as_run(recipe, *fit, environment)));
    environment.console().info(fit->parts().description());
    fit->evaluator().try_out();
    fit->begin();
    return fit;
  } catch (...) {
    folder.discard();
    throw;
  }
}

}  // namespace

void run_command(const TrainCommand& command, const CommonOptions& common) {
  CommandEnvironment environment(common);
  const Recipe recipe = environment.open_recipe(command.recipe);
  const RunFolder folder = command.run_folder.empty()
                               ? RunFolder::create_under(recipe.trainer.run_root, recipe.name)
                               : RunFolder::create(command.run_folder);
  const std::unique_ptr<Fit> fit = prepare(recipe, folder, environment);
  try {
    Session session(recipe, *fit, environment.console(), folder);
    print_result(session.run(), folder);
  } catch (const std::exception& error) {
    environment.console().debug(std::string("error: ") + error.what());  // also in the run's log
    throw;
  }
}

}  // namespace knack::host
