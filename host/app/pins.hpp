// SPDX-License-Identifier: MIT
// `plugins.pin` of a recipe: which content the files of its plugins must have.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "host/plugin/registry.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/recipe/document.hpp"
#include "host/recipe/recipe.hpp"

namespace knack::host {

/// How a pin writes a sha256.
std::string pin_text(const std::string& sha256);

/// What a registry is to hold the plugins of `recipe` to, by "<kind>/<id>".
std::multimap<std::string, Pin> pins_of(Recipe& recipe);

/// Adds an error for each pin that names neither a plugin of the recipe nor one that is installed:
/// it would protect nothing.
void check_pin_keys(Recipe& recipe, const Registry& registry, const Document& document,
                    Diagnostics& diagnostics);

/// The folder of the run or checkpoint that wrote `recipe` down, links resolved; none for a recipe
/// of the user's own. A checkpoint whose recipe is changed is damaged.
std::optional<std::filesystem::path> run_that_wrote(const std::filesystem::path& recipe);

/// What is to be added to the message of a PinError for a pin that stands in `recipe`: nothing
/// unless a run wrote that.
std::string advice_for_run(const std::filesystem::path& recipe);

/// A pin as it is and as it ought to be.
struct PinState {
  std::string key;
  std::string pinned;    ///< "sha256:..."; empty: not at all
  std::string expected;  ///< "sha256:..." of the file that would be loaded
  std::filesystem::path file;

  bool is_up_to_date() const {
    return pinned == expected;
  }
};

/// The pins that cover every plugin of the recipe, in its order. Those it has keep their keys; the
/// others are named by id, or by kind and id where one id is that of several files. Runs no code of
/// a plugin. Throws Error(plugin), or Error(recipe) for one pin that covers several files.
std::vector<PinState> pin_states(Recipe& recipe, const Registry& registry);

}  // namespace knack::host
