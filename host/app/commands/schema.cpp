// SPDX-License-Identifier: MIT
#include <iostream>
#include <set>

#include "host/app/command_environment.hpp"
#include "host/app/commands/commands.hpp"
#include "host/checkpoint/atomic_file.hpp"
#include "host/common/json_text.hpp"
#include "host/recipe/editor_schema.hpp"
#include "host/recipe/load.hpp"
#include "host/recipe/schema.hpp"

namespace knack::host {
namespace {

struct SchemaCommand {
  std::filesystem::path recipe;  ///< whose plugin folders count too; may be empty
  std::filesystem::path to;      ///< file to write; empty: standard output
};

/// The plugins that the recipe could name. Its own errors are for the editor to find.
Registry& plugins_for(const SchemaCommand& command, CommandEnvironment& environment) {
  if (command.recipe.empty()) return environment.registry();
  Diagnostics ignored;
  Recipe recipe = read_recipe(load_document(command.recipe, {}, ignored), ignored);
  return environment.registry_for(recipe, false);
}

/// None where they cannot be known, of which the user is told.
std::optional<Json> options_of(const Registry& registry, const Provided& provided,
                               Console& console) {
  try {
    const char* schema = registry.descriptor(provided.kind, provided.id).schema_json;
    return options_schema(schema == nullptr ? "" : schema);
  } catch (const std::runtime_error& error) {
    console.warning("the options of " + provided.kind + " " + provided.id +
                    " are not checked: " + error.what());
    return std::nullopt;
  }
}

int print_schema(const SchemaCommand& command, const CommonOptions& common) {
  CommandEnvironment environment(common);
  const Registry& registry = plugins_for(command, environment);
  std::vector<EditorPlugin> plugins;
  std::set<std::string> names;
  for (const Offer& offer : registry.offers()) {
    const Provided& provided = offer.provided();
    if (!names.insert(provided.kind + "/" + provided.id).second) continue;
    plugins.push_back({provided.kind, provided.id, provided.summary,
                       options_of(registry, provided, environment.console())});
  }
  const std::string text = json_text(editor_schema(plugins)) + "\n";
  if (command.to.empty()) {
    std::cout << text;
  } else {
    write_file_atomically(command.to, text);
  }
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void declare_schema(CommandTable& table) {
  auto [command, options] = table.add<SchemaCommand>(
      "schema", "Print the JSON Schema of recipes, for editors", Takes::plugins, print_schema);
  command
      .add_option("recipe", options.recipe, "Recipe file (JSON), to include the plugins it brings")
      ->type_name("RECIPE");
  command.add_option("--to", options.to, "File to write in place of standard output")
      ->type_name("FILE");
  add_example(command, {"knack schema --to recipe.schema.json"});
}

}  // namespace knack::host
