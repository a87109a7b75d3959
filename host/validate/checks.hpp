// SPDX-License-Identifier: MIT
// The checks there are, one list a level.
#pragma once

#include <span>
#include <vector>

#include "host/validate/check.hpp"

namespace knack::host {

/// Level 1: what can be seen in the file; runs no code of the plugin.
std::span<const Check> file_checks();

/// Level 2: what happens when it is loaded and asked for what it provides.
std::span<const Check> load_checks();

/// Level 3: what it does in a short run.
std::span<const Check> behaviour_checks();

/// Level 4: whether its state comes back, and what it does under stress.
std::span<const Check> state_checks();

/// All levels in order. A check may count on those before it: where `file.preflight` or `load.loads`
/// failed, none that comes later runs.
std::vector<Check> all_checks();

}  // namespace knack::host
