// SPDX-License-Identifier: MIT
#include "host/report/html/thinning.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace knack::host::html {
namespace {

/// Adds what is kept of the points from `begin` to `end`.
void keep(const std::vector<double>& y, std::size_t begin, std::size_t end,
          std::vector<std::size_t>& kept) {
  std::size_t lowest = end;
  std::size_t highest = end;
  std::size_t first = end;
  std::size_t last = end;
  for (std::size_t i = begin; i < end; ++i) {
    if (!std::isfinite(y[i])) continue;
    if (first == end) first = lowest = highest = i;
    last = i;
    if (y[i] < y[lowest]) lowest = i;
    if (y[i] > y[highest]) highest = i;
  }
  if (first == end) {
    kept.push_back(begin);
    return;
  }
  std::size_t chosen[] = {first, lowest, highest, last};
  std::sort(std::begin(chosen), std::end(chosen));
  kept.insert(kept.end(), std::begin(chosen), std::unique(std::begin(chosen), std::end(chosen)));
}

}  // namespace

std::vector<std::size_t> thinned(const std::vector<double>& x, const std::vector<double>& y,
                                 std::size_t most) {
  const std::size_t size = std::min(x.size(), y.size());
  std::vector<std::size_t> kept;
  if (size <= most) {
    kept.resize(size);
    std::iota(kept.begin(), kept.end(), std::size_t{0});
    return kept;
  }
  const std::size_t columns = std::max<std::size_t>(1, most / 4);
  const double width = (x[size - 1] - x[0]) / static_cast<double>(columns);
  std::size_t begin = 0;
  for (std::size_t column = 1; column <= columns && begin < size; ++column) {
    std::size_t end = begin;
    const double right = x[0] + width * static_cast<double>(column);
    while (end < size && (x[end] < right || column == columns)) ++end;
    if (end > begin) keep(y, begin, end, kept);
    begin = end;
  }
  return kept;
}

std::vector<std::size_t> evenly(std::size_t size, std::size_t most) {
  const std::size_t count = std::min(size, most);
  std::vector<std::size_t> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows[i] = count < 2 ? 0 : i * (size - 1) / (count - 1);
  }
  return rows;
}

}  // namespace knack::host::html
