// SPDX-License-Identifier: MIT
// Where each value of a resolved recipe comes from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/explain/explanation.hpp"
#include "host/recipe/document.hpp"
#include "host/recipe/recipe.hpp"

namespace knack::host {

/// The files of a recipe, each by itself: those it extends in the order in which they are laid over
/// each other, then itself. Only for a recipe that load_document() has taken.
std::vector<Document> recipe_layers(const std::filesystem::path& recipe);

/// Every value of resolved(recipe), in its order, with who decided it. `document` is what the
/// recipe was read from, `file` its path as the user gave it.
std::vector<ResolvedValue> values_with_origins(const Recipe& recipe, const Document& document,
                                               const std::filesystem::path& file);

}  // namespace knack::host
