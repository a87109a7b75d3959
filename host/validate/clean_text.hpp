// SPDX-License-Identifier: MIT
// Texts of plugins, fit for reports.
#pragma once

#include <string>

namespace knack::host {

/// Well-formed UTF-8 without control characters other than line breaks, and without line breaks at
/// the end; what is not becomes U+FFFD or `?`.
std::string clean_text(const std::string& text);

}  // namespace knack::host
