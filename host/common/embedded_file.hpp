// SPDX-License-Identifier: MIT
// Files that are part of the program: see cmake/knack_embed.cmake.
#pragma once

#include <string_view>

namespace knack::host {

struct EmbeddedFile {
  std::string_view name;  ///< without folders
  std::string_view content;
};

}  // namespace knack::host
