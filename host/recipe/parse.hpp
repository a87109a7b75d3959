// SPDX-License-Identifier: MIT
// Strict JSON text to a Document.
#pragma once

#include <string>

#include "host/recipe/diagnostics.hpp"
#include "host/recipe/document.hpp"

namespace knack::host {

/// The largest recipe that is read, in bytes.
inline constexpr std::size_t kLargestRecipe = 16u << 20;
/// Nesting, values in all, bytes of a key and bytes of a string beyond which text is refused.
inline constexpr std::size_t kDeepestNesting = 64;
inline constexpr std::size_t kMostValues = 50'000;
inline constexpr std::size_t kLongestKey = 256;
inline constexpr std::size_t kLongestString = 4096;

/// Parses UTF-8 JSON with `//` and `/* */` comments; `source` names it in messages and origins.
///
/// Refused, with line and column: trailing commas, NaN and infinity, numbers that overflow, text
/// that is not UTF-8, NUL in strings, control characters in keys, and whatever exceeds the limits
/// above. These throw at once (Error, ExitCode::recipe). A duplicate key is added to
/// `diagnostics` with both places, and the later value is kept.
Document parse_json(const std::string& text, const std::string& source, Diagnostics& diagnostics);

/// Whether `text` is well-formed UTF-8 throughout.
bool is_utf8(const std::string& text);

}  // namespace knack::host
