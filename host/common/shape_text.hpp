// SPDX-License-Identifier: MIT
// Shapes of tensors in messages.
#pragma once

#include <string>

namespace knack::host {

/// `[2, 3]`, of any list of sizes.
template <class Sizes>
std::string shape_text(const Sizes& sizes) {
  std::string text;
  for (const auto size : sizes) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

}  // namespace knack::host
