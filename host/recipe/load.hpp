// SPDX-License-Identifier: MIT
// A recipe file, everything it extends, and the command line's overrides, as one Document.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/recipe/diagnostics.hpp"
#include "host/recipe/document.hpp"

namespace knack::host {

/// Reads the recipe at `path`, lays it over the recipes its "extends" names (one path or a list,
/// relative to the file that says it; later ones win), leaves out "$schema", which is for editors,
/// and applies `overrides` (the texts given with `--set`, see override.hpp). A recipe is a regular
/// file, or a pipe that this process was given (/dev/stdin); a named pipe is not waited for. `text`,
/// if wanted, gets what was read from `path` itself.
///
/// Throws Error (ExitCode::recipe) if a file cannot be read or parsed, or extends itself. Errors
/// that leave something to go on with are added to `diagnostics`.
Document load_document(const std::filesystem::path& path, const std::vector<std::string>& overrides,
                       Diagnostics& diagnostics, std::string* text = nullptr);

}  // namespace knack::host
