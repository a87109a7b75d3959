// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iostream>

#include "host/app/commands/commands.hpp"
#include "host/common/error.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/report/run_folder.hpp"
#include "host/train/fit.hpp"
#include "host/ui/table.hpp"
#include "host/weights/weight_file.hpp"

namespace knack::host {
namespace {

void require_weights(const RunFolder& folder, const EvalCommand& command) {
  const std::vector<std::string> sets = folder.weight_sets();
  if (std::find(sets.begin(), sets.end(), command.weights) != sets.end()) return;
  throw Error(ExitCode::data,
              "--weights " + one_line(command.weights) + ": expected a weight set of " +
                  command.run.string() + ", which has " +
                  (sets.empty() ? "none: its training did not end" : backticked_list(sets)) +
                  suggestion(command.weights, sets));
}

}  // namespace

void run_command(const EvalCommand& command, const CommonOptions& common) {
  const RunFolder folder = RunFolder::open(command.run);
  require_weights(folder, command);
  CommandEnvironment environment(common);
  if (!folder.is_finished()) {
    environment.console().warning(command.run.string() +
                                  ": this run has not come to its end; the weights may be of an "
                                  "earlier one");
  }
  Recipe recipe = environment.open_recipe(folder.recipe_file());
  if (command.split == "test" && !recipe.test) {
    throw Error(ExitCode::usage, "--split test: the recipe of " + command.run.string() +
                                     " has no data.test; use --split valid");
  }
  recipe.tricks.clear();  // they acted when the weights were made
  recipe.initial_weights.reset();
  Fit fit(recipe, environment.registry(), environment.services(), nullptr);
  FitParts& parts = fit.parts();
  DataPart& data = command.split == "test" ? *parts.test : parts.valid;
  load_weights(fit.weights(), fit.weights().live(), folder.weights_file(command.weights));
  parts.model->set_training(false);
  std::vector<std::vector<std::string>> rows = {{"weights", "split"},
                                                {command.weights, command.split}};
  for (const auto& [name, value] :
       measure(*parts.model, *parts.objective, *data.loader, parts.placement)) {
    rows[0].push_back(name);
    rows[1].push_back(number_text(value));
  }
  print_table(rows, 2);
}

}  // namespace knack::host
