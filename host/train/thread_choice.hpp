// SPDX-License-Identifier: MIT
// How many threads an operator should use for a given workload.
#pragma once

#include "host/plugin/kinds/model.hpp"

namespace knack::host {

/// One thread for models whose operators are too small to share, else as many as LibTorch would
/// use. Decided by counting, not by timing, so that every run of a recipe decides alike: the model
/// is run once over `inputs`, without gradient and in evaluation mode, and the floating point
/// operations of its convolutions and matrix products are counted (LibTorch's profiler formulas). The
/// choice is for `scale` times as many samples as `inputs` has.
int suitable_threads(Model& model, const Value& inputs, double scale = 1.0);

}  // namespace knack::host
