// SPDX-License-Identifier: MIT
// A loop's state as a tree, for checkpoints.
#pragma once

#include "host/plugin/value.hpp"
#include "host/train/loop.hpp"

namespace knack::host {

Value to_value(const LoopState& state);

/// Throws std::invalid_argument for a tree that to_value() did not make.
LoopState loop_state_of(const Value& saved);

}  // namespace knack::host
