// SPDX-License-Identifier: MIT
// Which plugin files a run used.
#pragma once

#include <map>
#include <string>

#include "host/plugin/registry.hpp"
#include "host/recipe/recipe.hpp"

namespace knack::host {

/// Version and sha256 of every plugin the recipe names, by "<kind>/<id>".
std::map<std::string, UsedPlugin> plugins_of(Recipe& recipe, const Registry& registry);

}  // namespace knack::host
