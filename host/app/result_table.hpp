// SPDX-License-Identifier: MIT
// What a training reached, as a table.
#pragma once

#include <string>
#include <vector>

#include "host/run/session.hpp"

namespace knack::host {

/// A heading, then a row for each weight set, the chosen one marked by `*`. There is a column for
/// every metric of a split that any set has; "-" stands where a set lacks it.
std::vector<std::vector<std::string>> result_table(const FitResult& result);

}  // namespace knack::host
