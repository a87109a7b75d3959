// SPDX-License-Identifier: MIT
// Snapshots in a saved state.
#pragma once

#include <knack/sdk/value.hpp>

#include <vector>

#include "snapshots.hpp"

namespace weight_average {

knack::Value to_value(const std::vector<Snapshot>& snapshots);
std::vector<Snapshot> to_snapshots(knack::ValueView list);

}  // namespace weight_average
