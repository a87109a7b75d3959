// SPDX-License-Identifier: MIT
// Every error's code, what it is about, and the page that explains it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "host/common/embedded_file.hpp"

namespace knack::host {

/// A kind of error. Codes are for ever: one keeps its meaning, and when nothing throws it any more
/// it is not used again. The digit after E0 is the area: 1 command line, 2 JSON text, 3 recipe,
/// 4 plugins, 5 data, weights, run folders and checkpoints, 6 training, 9 the machine.
struct CatalogueEntry {
  std::string_view id;
  std::string_view title;
};

/// All of them, by code.
std::span<const CatalogueEntry> error_catalogue();

/// The pages of docs/errors, each named `<code>.md`.
std::span<const EmbeddedFile> error_pages();

/// The page of a code as a person may write it ("E0312", "e0312", "0312"). Throws Error for another
/// text, with the nearest codes.
std::string_view error_page(std::string_view id);

}  // namespace knack::host
