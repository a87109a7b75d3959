// SPDX-License-Identifier: MIT
// Lists of words in a message.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace knack::host {

/// The words with `separator` between them; nothing for none.
inline std::string join(const std::vector<std::string>& words, std::string_view separator = ", ") {
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += separator;
    line += word;
  }
  return line;
}

}  // namespace knack::host
