// SPDX-License-Identifier: MIT
// Looks at everything outside a recipe that decides how well training goes.
#pragma once

#include <filesystem>

#include "host/doctor/finding.hpp"
#include "host/plugin/search_path.hpp"

namespace knack::host {

/// Of LibTorch, the machine, the plugins in `places`, the folder where runs are to be made,
/// temporary folders, the environment and the terminal, in this order. Leaves nothing behind.
Findings examine(const SearchPlaces& places, const std::filesystem::path& run_root);

}  // namespace knack::host
