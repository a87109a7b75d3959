// SPDX-License-Identifier: MIT
// The benchmarks of this program; see README.md.
#pragma once

#include "bench/interleaved.hpp"

namespace knack::bench {

/// What one call of a hook costs.
void hook_dispatch(const Effort& effort);

/// The host's loop against one written by hand.
void step_overhead(const Effort& effort);

/// The trick "ema" against a copy of as many weights.
void ema(const Effort& effort);

}  // namespace knack::bench
