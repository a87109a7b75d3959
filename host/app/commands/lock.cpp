// SPDX-License-Identifier: MIT
#include <filesystem>
#include <iostream>

#include "host/app/commands/commands.hpp"
#include "host/app/pins.hpp"
#include "host/checkpoint/atomic_file.hpp"
#include "host/common/join.hpp"
#include "host/recipe/json_edit.hpp"
#include "host/recipe/load.hpp"
#include "host/recipe/parse.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

/// Others than recipes of the user's own stay as they are.
void refuse_what_is_not_to_change(const fs::path& recipe) {
  if (const auto run = run_that_wrote(recipe)) {
    throw Error(ExitCode::usage, recipe.string() + ": expected a recipe of yours, found what " +
                                     run->string() +
                                     " wrote down; lock the run's original recipe, or a copy of "
                                     "this file");
  }
  std::error_code failure;
  if (fs::exists(recipe, failure) && !fs::is_regular_file(recipe, failure)) {
    throw Error(ExitCode::usage, recipe.string() +
                                     ": expected a file to write pins into, found something else; "
                                     "name a recipe file");
  }
}

/// `null` there takes away what a recipe that this one extends says, which a pin would bring back.
void refuse_removed_sections(const std::string& text, const fs::path& file) {
  Diagnostics diagnostics;
  const Document document = parse_json(text, file.string(), diagnostics);
  for (const char* pointer : {"/plugins", "/plugins/pin"}) {
    const Json::json_pointer place(pointer);
    if (document.root.contains(place) && document.root[place].is_null()) {
      diagnostics.fail(document.nearest_origin(pointer).place_of_value(),
                       readable_path(pointer) + ": expected an object to write pins into, found " +
                           "null; write {} instead");
    }
  }
}

/// Replaces the content of `file`, and that of the file a link leads to.
void replace(const fs::path& file, const std::string& text) {
  const fs::path real = fs::canonical(file);
  const fs::perms mode = fs::status(real).permissions();
  write_file_atomically(real, text);
  fs::permissions(real, mode);
}

std::string word_for(const PinState& state) {
  if (state.is_up_to_date()) return "up to date";
  return state.pinned.empty() ? "missing" : "another file";
}

void print(const std::vector<PinState>& states) {
  std::vector<std::vector<std::string>> rows = {{"pin", "found", "is now", "file"}};
  for (const PinState& state : states) {
    rows.push_back({state.key, word_for(state), state.expected, state.file.string()});
  }
  print_table(rows, 4);
}

}  // namespace

void run_command(const PluginsLockCommand& command, const CommonOptions& common) {
  refuse_what_is_not_to_change(command.recipe);
  CommandEnvironment environment(common);
  Diagnostics diagnostics;
  std::string text;  // the very one that is checked is changed
  const Document document = load_document(command.recipe, {}, diagnostics, &text);
  Recipe recipe = read_recipe(document, diagnostics);
  const Registry& registry = environment.registry_for(recipe, false);
  check_pin_keys(recipe, registry, document, diagnostics);
  diagnostics.throw_if_any();

  const std::vector<PinState> states = pin_states(recipe, registry);
  std::vector<std::string> outdated;
  for (const PinState& state : states) {
    if (!state.is_up_to_date()) outdated.push_back(state.key + " (" + word_for(state) + ")");
  }
  const std::string name = command.recipe.string();
  if (!outdated.empty() && command.check) {
    throw Error(ExitCode::plugin, name + ": plugins.pin: expected the files that are installed, " +
                                      "found " + join(outdated) + "; run: knack plugins lock " +
                                      name);
  }
  if (!outdated.empty()) {
    refuse_removed_sections(text, command.recipe);
    for (const PinState& state : states) {
      if (state.is_up_to_date()) continue;
      text = with_string(std::move(text), {"plugins", "pin", state.key}, state.expected);
    }
    replace(command.recipe, text);
  }
  print(states);
  std::cout << name << ": " << states.size() << " pins, " << outdated.size() << " written\n";
}

}  // namespace knack::host
