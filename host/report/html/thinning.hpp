// SPDX-License-Identifier: MIT
// Curves with fewer points that look the same.
#pragma once

#include <cstddef>
#include <vector>

namespace knack::host::html {

/// Indices, ascending, of the points to draw of a curve whose `x` ascends: all when they are at most
/// `most`, else of each of `most` / 4 columns of equal width the first, the lowest, the highest and
/// the last. A column without any number keeps one point, so that gaps stay gaps.
std::vector<std::size_t> thinned(const std::vector<double>& x, const std::vector<double>& y,
                                 std::size_t most);

/// Indices of at most `most` of `size` rows, evenly spread, with the first and the last.
std::vector<std::size_t> evenly(std::size_t size, std::size_t most);

}  // namespace knack::host::html
