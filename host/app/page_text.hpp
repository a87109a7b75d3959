// SPDX-License-Identifier: MIT
// A page of the documentation at a terminal.
#pragma once

#include <string>
#include <string_view>

namespace knack::host {

/// The page without its Markdown: headings without `#`, bold with `use_color`; code indented by
/// four spaces in place of its fences.
std::string page_text(std::string_view page, bool use_color);

}  // namespace knack::host
