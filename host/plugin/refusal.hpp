// SPDX-License-Identifier: MIT
// The one shape of every message that refuses a plugin.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "host/common/diagnostic.hpp"

namespace knack::host {

/// `text` fit for one line of a terminal: control characters become `?`, and what exceeds 200
/// bytes is cut off and marked with `...`. For words that come from a file nobody vouches for.
std::string printable(std::string_view text);

/// Throws Error(id) with the line
/// `<file>: <field>: expected <expected>, found <found>; <fix>`.
[[noreturn]] void refuse(const std::filesystem::path& file, std::string_view field,
                         std::string_view expected, std::string_view found, std::string_view fix,
                         ErrorId id = "E0402");

}  // namespace knack::host
