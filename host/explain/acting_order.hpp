// SPDX-License-Identifier: MIT
// Why tricks act in the order in which they do.
#pragma once

#include <vector>

#include "host/explain/explanation.hpp"
#include "host/plugin/registry.hpp"
#include "host/recipe/recipe.hpp"

namespace knack::host {

/// The pairs of tricks that act in the other order than the recipe's, with the manifest that says
/// so.
std::vector<MovedTrick> moved_tricks(const Recipe& recipe, const Registry& registry);

}  // namespace knack::host
