// SPDX-License-Identifier: MIT
// What the last run of a recipe took.
#pragma once

#include <filesystem>
#include <optional>

#include "host/explain/explanation.hpp"
#include "host/recipe/recipe.hpp"

namespace knack::host {

/// Of the runs in folders of `trainer.run_root`, or one level deeper, that have come to their end
/// and whose recipe has this name and uses this model, the one that did so last; nothing when there
/// is none that can be read.
std::optional<LastRun> find_last_run(const Recipe& recipe);

}  // namespace knack::host
