// SPDX-License-Identifier: MIT
// Replaces this program's operator new, so that tests can bound what code allocates.
#pragma once

#include <cstddef>

namespace knack::testing {

/// The most bytes asked for at once since start_allocation_watch().
std::size_t largest_allocation();

void start_allocation_watch();

}  // namespace knack::testing
