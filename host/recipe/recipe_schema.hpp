// SPDX-License-Identifier: MIT
// The host's own keys of a recipe, declared once as JSON Schema (draft-07).
#pragma once

#include "host/recipe/document.hpp"

namespace knack::host {

/// The whole recipe. Sections that make a plugin instance leave their other keys to the plugin.
/// Defaults are those of the structs in recipe.hpp.
const Json& recipe_schema();

/// The schema of a data section, of a trick, of the model and of any other plugin's section, for
/// their host-owned keys.
const Json& data_section_schema();
const Json& trick_schema();
const Json& model_schema();
const Json& section_schema();

}  // namespace knack::host
