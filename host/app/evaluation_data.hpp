// SPDX-License-Identifier: MIT
// Other data to evaluate on than that of the recipe.
#pragma once

#include <string>

#include "host/recipe/diagnostics.hpp"
#include "host/recipe/document.hpp"

namespace knack::host {

/// Lays a data section over data.<split> of a recipe, or puts it in its place when it has a "use".
/// `data` is a JSON object, or a file with one; paths in it are relative to the current folder or
/// to that file. Throws Error (ExitCode::recipe) for text that is no JSON object.
void lay_data_over(Document& recipe, const std::string& split, const std::string& data,
                   Diagnostics& diagnostics);

}  // namespace knack::host
