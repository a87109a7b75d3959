// SPDX-License-Identifier: MIT
// What a training step costs, measured on a few samples.
#pragma once

#include <cstdint>
#include <vector>

#include "host/explain/explanation.hpp"
#include "host/explain/memory_meter.hpp"
#include "host/train/fit.hpp"

namespace knack::host {

/// Sizes that a cost grows with.
struct CostSizes {
  std::int64_t batch_size = 1;  ///< samples of a training micro-batch
  std::int64_t window = 1;      ///< micro-batches of a step
  std::int64_t step_samples = 1;
  std::int64_t valid_batch_size = 1;
  std::int64_t workers = 0;  ///< loader threads of the training data
  std::int64_t valid_workers = 0;
  std::int64_t trick_bytes = 0;    ///< that tricks keep besides weight sets
  std::int64_t program_bytes = 0;  ///< of the process before its parts were made
};

struct Costs {
  FlopNumbers flops;
  std::vector<MemoryItem> memory;
};

/// Runs the model forward and backward on two and on three samples, and, where gradients would hide
/// how the memory grows, on as many as outweigh them, at most a batch; and the optimizer once. What
/// grows with the batch is taken to grow in proportion. Tricks do not act. `meter` must be the one
/// in use. `fit` has a loop; its weights and its optimizer's state are of no use afterwards.
Costs measure_costs(Fit& fit, MemoryMeter& meter, const CostSizes& sizes);

/// Resident memory of this process, 0 where it cannot be read.
std::int64_t resident_bytes();

}  // namespace knack::host
