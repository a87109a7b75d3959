// SPDX-License-Identifier: MIT
#include "host/app/page_text.hpp"

#include <algorithm>

#include "host/ui/color.hpp"

namespace knack::host {

std::string page_text(std::string_view page, bool use_color) {
  std::string text;
  bool is_code = false;
  while (!page.empty()) {
    const std::string_view line = page.substr(0, page.find('\n'));
    page.remove_prefix(std::min(page.size(), line.size() + 1));
    if (line.starts_with("```")) {
      is_code = !is_code;
      continue;
    }
    if (is_code) {
      text += line.empty() ? "" : "    " + std::string(line);
    } else if (line.starts_with('#')) {
      const std::size_t begin = std::min(line.find_first_not_of("# "), line.size());
      text += painted(line.substr(begin), Paint::bold, use_color);
    } else {
      text += line;
    }
    text += '\n';
  }
  return text;
}

}  // namespace knack::host
