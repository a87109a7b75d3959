// SPDX-License-Identifier: MIT
// Which plugin files a run used.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "host/plugin/registry.hpp"
#include "host/recipe/recipe.hpp"

namespace knack::host {

/// SHA-256 of a file's content, 64 hex digits. Throws Error(data) when it cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

/// Version and sha256 of every plugin the recipe names, by "<kind>/<id>".
std::map<std::string, UsedPlugin> plugins_of(Recipe& recipe, const Registry& registry);

}  // namespace knack::host
