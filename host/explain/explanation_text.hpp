// SPDX-License-Identifier: MIT
// An explanation for people.
#pragma once

#include <string>

#include "host/explain/explanation.hpp"

namespace knack::host {

struct TextStyle {
  bool is_full = false;  ///< list every parameter
  bool use_color = false;
};

/// All of it, made to be read at 100 columns.
std::string to_text(const Explanation& explanation, const TextStyle& style);

}  // namespace knack::host
