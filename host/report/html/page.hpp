// SPDX-License-Identifier: MIT
// One self-contained page: style, script and data inside, nothing else may be loaded.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/report/html/chart.hpp"

namespace knack::host::html {

/// A page around `body`, which is HTML. Its content security policy lets the page's own style and
/// script run, by their checksums, and pictures that are part of the page; nothing else.
std::string page(const std::string& title, const std::string& body,
                 const std::vector<Chart>& charts);

/// Throws Error(data) for a file that is no such page: it is somebody's, and not to be replaced.
void require_page_or_nothing(const std::filesystem::path& file);

/// A section with a heading; nothing when `content` is empty.
std::string section(const std::string& id, const std::string& heading, const std::string& content);

}  // namespace knack::host::html
