// SPDX-License-Identifier: MIT
#include "norm_refresh.hpp"

#include <knack/sdk/norm_statistics.hpp>

namespace weight_average {

void refresh_norm_statistics(const knack::Host& host) {
  knack::estimate_norm_statistics(host, 0);
}

}  // namespace weight_average
