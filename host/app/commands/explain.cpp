// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <iostream>

#include "host/app/command_environment.hpp"
#include "host/app/commands/commands.hpp"
#include "host/common/json_text.hpp"
#include "host/explain/explain.hpp"
#include "host/explain/explanation_json.hpp"
#include "host/explain/explanation_text.hpp"
#include "host/ui/color.hpp"

namespace knack::host {
namespace {

struct ExplainCommand {
  std::filesystem::path recipe;
  bool full = false;
  bool json = false;
};

int run_explain(const ExplainCommand& command, const CommonOptions& common) {
  CommandEnvironment environment(common);
  Document document;
  const Recipe recipe = environment.open_recipe(
      command.recipe, [&](const Document& read, const Diagnostics&) { document = read; });
  const Explained explained =
      explain(recipe, document, command.recipe, environment.registry(), environment.services());
  if (command.json) {
    std::cout << json_text(to_json(explained.explanation)) << std::endl;
  } else {
    std::cout << to_text(explained.explanation,
                         {.is_full = command.full, .use_color = has_color(STDOUT_FILENO)})
              << std::flush;
  }
  return environment.with_places([&] {
    if (explained.failure) throw Error(*explained.failure);
    return static_cast<int>(ExitCode::ok);
  });
}

}  // namespace

void declare_explain(CommandTable& table) {
  auto [command, options] = table.add<ExplainCommand>(
      "explain", "Show what a recipe does, without training", Takes::recipe, run_explain);
  command.add_option("recipe", options.recipe, "Recipe file (JSON)")
      ->type_name("RECIPE")
      ->required();
  command.add_flag("--full", options.full, "List every parameter, however many there are");
  command.add_flag("--json", options.json, "Print JSON");
  add_example(command, {"knack explain recipe.json --set trainer.epochs=3"});
}

}  // namespace knack::host
