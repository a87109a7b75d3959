// SPDX-License-Identifier: MIT
// BatchNorm statistics of the average; a translation unit of its own, to keep each quick to compile.
#pragma once

#include <knack/sdk/host.hpp>

namespace weight_average {

/// Measures the statistics of the active weights on all training data.
void refresh_norm_statistics(const knack::Host& host);

}  // namespace weight_average
