// SPDX-License-Identifier: MIT
// What the user's environment says.
#pragma once

#include <cstdlib>
#include <string_view>

namespace knack::host {

/// Its value; empty where it is not set.
inline std::string_view environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace knack::host
