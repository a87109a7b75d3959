// SPDX-License-Identifier: MIT
// Tricks that may not do what was meant.
#pragma once

#include "host/explain/explanation.hpp"

namespace knack::host {

/// Adds warnings and notes about tricks to an explanation that is complete but for operations and
/// memory.
void review_tricks(Explanation& told);

}  // namespace knack::host
