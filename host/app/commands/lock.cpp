// SPDX-License-Identifier: MIT
#include <filesystem>
#include <iostream>

#include "host/app/command_environment.hpp"
#include "host/app/commands/commands.hpp"
#include "host/app/pins.hpp"
#include "host/checkpoint/atomic_file.hpp"
#include "host/common/join.hpp"
#include "host/common/shell_word.hpp"
#include "host/recipe/json_edit.hpp"
#include "host/recipe/load.hpp"
#include "host/recipe/parse.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

struct LockCommand {
  fs::path recipe;
  bool check = false;  ///< change nothing, and fail where a pin is out of date
};

[[noreturn]] void refuse_target(const fs::path& recipe, const std::string& problem) {
  throw Error(ExitCode::usage, Error("E0331", recipe, problem).diagnostics());
}

/// Others than recipes of the user's own stay as they are.
void refuse_what_is_not_to_change(const fs::path& recipe) {
  if (const auto run = run_that_wrote(recipe)) {
    refuse_target(recipe,
                  "expected a recipe of yours, found what " + run->string() +
                      " wrote down; lock the run's original recipe, or a copy of this file");
  }
  std::error_code failure;
  if (fs::exists(recipe, failure) && !fs::is_regular_file(recipe, failure)) {
    refuse_target(recipe,
                  "expected a file to write pins into, found something else; name a recipe file");
  }
}

/// `null` there takes away what a recipe that this one extends says, which a pin would bring back.
void refuse_removed_sections(const std::string& text, const fs::path& file) {
  Diagnostics diagnostics;
  const Document document = parse_json(text, file.string(), diagnostics);
  for (const char* pointer : {"/plugins", "/plugins/pin"}) {
    const Json::json_pointer place(pointer);
    if (document.root.contains(place) && document.root[place].is_null()) {
      diagnostics.fail({.id = "E0331",
                        .sentence = "no pins can be written into `" + readable_path(pointer) + "`",
                        .place = document.nearest_origin(pointer).value_place(),
                        .label = "expected an object, found null",
                        .helps = {"write `{}` instead"}});
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

int lock(const LockCommand& command, const CommonOptions& common) {
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
    throw Error("E0412", command.recipe,
                "plugins.pin: expected the files that are installed, found " + join(outdated) +
                    "; run: knack plugins lock " + shell_word(name));
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
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void declare_lock(CommandTable& table) {
  auto [command, options] = table.add<LockCommand>(
      "plugins lock", "Pin the plugins of a recipe by their sha256", Takes::plugins, lock);
  command.add_option("recipe", options.recipe, "Recipe file (JSON), which is changed")
      ->type_name("RECIPE")
      ->required();
  command.add_flag("--check", options.check,
                   "Change nothing; fail when a pin is missing or is of another file");
  add_example(command,
              {"knack plugins lock recipe.json", "knack plugins lock recipe.json --check"});
}

}  // namespace knack::host
