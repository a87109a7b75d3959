// SPDX-License-Identifier: MIT
// What an explanation says of one trick.
#pragma once

#include <string>
#include <vector>

#include "host/explain/explanation.hpp"

namespace knack::host {

/// Lines for people.
std::vector<std::string> trick_lines(const TrickFacts& trick, bool use_color);

}  // namespace knack::host
