// SPDX-License-Identifier: MIT
// The names of the weight sets that the trick `weight_average` publishes.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>

namespace weight_average {

/// Of the single best epoch, beside an average called `average`.
inline std::string name_of_best(const std::string& average) {
  return average == "average" ? "best" : average + "_best";
}

/// Whether the host can publish a set of that name, and that of its best epoch: 1 to 59 letters,
/// digits, `_`, `-` and `.`, not beginning with `.`, and not the host's own "live" and "model".
inline bool is_publishable(const std::string& name) {
  constexpr std::size_t kLongest = 59;
  return !name.empty() && name.size() <= kLongest && name.front() != '.' && name != "live" &&
         name != "model" && std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return c < 0x80 && (std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.');
         });
}

}  // namespace weight_average
