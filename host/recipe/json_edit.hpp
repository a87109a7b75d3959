// SPDX-License-Identifier: MIT
// Changes a recipe's text without touching what else is in it.
#pragma once

#include <string>
#include <vector>

namespace knack::host {

/// `text`, which parse_json() takes and whose root is an object, with the string `value` at `path`,
/// which is one key or more from the root on. Objects that are missing are added at the end of the
/// one they belong to, in its layout. All else keeps every byte: comments, order, spaces, line ends.
///
/// Each key of `path` but the last must name an object or nothing, or Error(recipe) is thrown.
std::string with_string(std::string text, const std::vector<std::string>& path,
                        const std::string& value);

}  // namespace knack::host
