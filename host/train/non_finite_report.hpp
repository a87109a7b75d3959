// SPDX-License-Identifier: MIT
// Says which part of a step came to NaN or infinities first.
#pragma once

#include <string>
#include <vector>

#include "host/plugin/kinds/model.hpp"
#include "host/plugin/kinds/objective.hpp"
#include "host/train/hooks.hpp"
#include "host/train/non_finite.hpp"
#include "host/train/placement.hpp"

namespace knack::host {

/// A window that came to numbers that are not finite, and all that can say why.
struct NonFiniteWindow {
  Model& model;
  Objective& objective;
  const Hooks& hooks;
  const Placement& placement;
  const std::vector<MicroBatch>& batches;      ///< with inputs and targets
  const std::vector<RandomStreamMark>& marks;  ///< before the forward of each
  const WindowNumbers& numbers;
};

/// "micro-batch 2 of 4 (samples 7, 3 and 30 more): expected ..., found ...": the loss or gradient,
/// and the sample, parameter, layer, objective or trick that it comes from. Runs the model forward
/// once more; its buffers and the random stream are afterwards as they were.
std::string explain(const NonFiniteWindow& window);

}  // namespace knack::host
