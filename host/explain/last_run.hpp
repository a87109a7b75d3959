// SPDX-License-Identifier: MIT
// What the last run of a recipe took.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "host/explain/explanation.hpp"

namespace knack::host {

/// The newest run below `root`/`name` that has come to its end; nothing when there is none that can
/// be read.
std::optional<LastRun> find_last_run(const std::filesystem::path& root, const std::string& name);

}  // namespace knack::host
