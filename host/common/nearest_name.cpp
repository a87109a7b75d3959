// SPDX-License-Identifier: MIT
#include "host/common/nearest_name.hpp"

#include <algorithm>
#include <cctype>

namespace knack::host {
namespace {

constexpr std::size_t kLongestName = 256;
constexpr std::size_t kShortWord = 3;

std::string folded(std::string_view name) {
  std::string result(name);
  for (char& c : result) {
    c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_above(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    two_above.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = above[j - 1] + (a[i - 1] != b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, substituted});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates) {
  if (name.size() < 2 || name.size() > kLongestName) return std::nullopt;
  const std::string wanted = folded(name);
  std::optional<std::string> nearest;
  std::size_t nearest_distance = 0;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestName) continue;
    const std::string known = folded(candidate);
    const bool is_other_word =
        wanted.size() <= kShortWord && known.size() <= kShortWord && wanted[0] != known[0];
    if (is_other_word) continue;
    const std::size_t distance = edit_distance(wanted, known);
    const std::size_t forgiven =
        std::max<std::size_t>(1, std::max(name.size(), candidate.size()) / 3);
    if (distance > forgiven || (nearest && distance >= nearest_distance)) continue;
    nearest = candidate;
    nearest_distance = distance;
  }
  return nearest;
}

}  // namespace knack::host
