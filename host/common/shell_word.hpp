// SPDX-License-Identifier: MIT
// Commands that a user may copy out of a message.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace knack::host {

/// The text as one word of a shell: as it is, or quoted where a shell would read it otherwise.
inline std::string shell_word(std::string_view text) {
  const bool is_plain =
      !text.empty() && text.front() != '=' && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("/._-+:@=").find(c) != std::string_view::npos;
      });
  if (is_plain) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace knack::host
