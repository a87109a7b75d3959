// SPDX-License-Identifier: MIT
#include <iostream>

#include "host/app/commands/commands.hpp"
#include "host/common/error.hpp"
#include "host/report/run_folder.hpp"
#include "host/train/fit.hpp"
#include "host/ui/table.hpp"
#include "host/weights/weight_file.hpp"

namespace knack::host {

void run_command(const EvalCommand& command, const CommonOptions& common) {
  const RunFolder folder = RunFolder::open(command.run);
  Workshop workshop(common);
  Recipe recipe = workshop.open_recipe(folder.recipe_file());
  recipe.tricks.clear();  // they acted when the weights were made
  recipe.initial_weights.reset();
  Fit fit(recipe, workshop.registry(), workshop.services(), workshop.console(), nullptr);
  if (command.split == "test" && fit.test_data() == nullptr) {
    throw Error(ExitCode::usage, "--split test: the recipe of " + command.run.string() +
                                     " has no data.test; use --split valid");
  }
  DataPart& data = command.split == "test" ? *fit.test_data() : fit.valid_data();
  load_weights(fit.weights(), fit.weights().live(), folder.weights_file(command.weights));
  fit.model().set_training(false);
  std::vector<std::vector<std::string>> rows = {{"weights", "split"},
                                                {command.weights, command.split}};
  for (const auto& [name, value] :
       measure(fit.model(), fit.objective(), *data.loader, fit.placement())) {
    rows[0].push_back(name);
    rows[1].push_back(number_text(value));
  }
  for (const std::string& line : table_lines(rows, 2)) {
    std::cout << line << "\n";
  }
}

}  // namespace knack::host
