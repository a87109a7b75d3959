// SPDX-License-Identifier: MIT
// Texts as template arguments.
#pragma once

#include <algorithm>
#include <cstddef>

namespace knack::host {

template <std::size_t size>
struct FixedText {
  char text[size];

  consteval FixedText(const char (&literal)[size]) {
    std::copy_n(literal, size, text);
  }
};

}  // namespace knack::host
