// SPDX-License-Identifier: MIT
// A resolved recipe with the origin of each value beside it.
#pragma once

#include <string>
#include <vector>

#include "host/explain/explanation.hpp"

namespace knack::host {

/// Lines of JSON, the origins in a column to the right of them. With `use_color` origins are dim.
std::vector<std::string> recipe_lines(const Json& resolved,
                                      const std::vector<ResolvedValue>& values, bool use_color);

}  // namespace knack::host
