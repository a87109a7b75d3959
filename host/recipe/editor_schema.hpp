// SPDX-License-Identifier: MIT
// The JSON Schema by which editors complete and check recipes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/recipe/document.hpp"

namespace knack::host {

/// What a recipe can name as "use".
struct EditorPlugin {
  std::string kind;
  std::string id;
  std::string summary;
  std::optional<Json> options;  ///< as options_schema() gives them; none: anything goes
};

/// A draft-07 schema of recipe files, with the options of `plugins`. It refuses what knack refuses
/// for its form, but takes 3.0 for an integer, as draft-07 does. In a file with "extends" every key
/// may be missing, null where that removes one, and without "use" a section may have any option that
/// some plugin of its kind has.
///
/// Beside the standard it has "enumDescriptions" and "allowComments", which some editors know.
Json editor_schema(const std::vector<EditorPlugin>& plugins);

}  // namespace knack::host
