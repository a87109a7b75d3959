// SPDX-License-Identifier: MIT
// Finds out what a recipe does, without training.
#pragma once

#include <filesystem>
#include <optional>

#include "host/common/error.hpp"
#include "host/explain/explanation.hpp"
#include "host/plugin/instance_context.hpp"
#include "host/plugin/registry.hpp"
#include "host/recipe/document.hpp"
#include "host/recipe/recipe.hpp"

namespace knack::host {

struct Explained {
  Explanation explanation;       ///< as far as it goes
  std::optional<Error> failure;  ///< what would keep `knack train` from training
};

/// Makes the parts of a recipe on the CPU, rehearses them on a few samples and measures what a step
/// costs. Nothing is written to disk. `recipe` is complete and checked, `document` what it was read
/// from, `file` the path that the user gave.
Explained explain(const Recipe& recipe, const Document& document, const std::filesystem::path& file,
                  const Registry& registry, HostServices& services);

}  // namespace knack::host
