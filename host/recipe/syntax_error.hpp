// SPDX-License-Identifier: MIT
// What nlohmann's parser says of a text that is no JSON, in a person's words.
#pragma once

#include <string>
#include <string_view>

#include "host/common/diagnostic.hpp"

namespace knack::host {

/// An error of the parser, taken apart.
struct SyntaxError {
  std::string context;   ///< what was being parsed: "object key", "value", ...
  std::string problem;   ///< "unexpected string literal", "invalid literal", ...
  std::string expected;  ///< "'}'"; may be empty

  /// `message` is what() of nlohmann's exception.
  explicit SyntaxError(std::string message);
};

/// The error about `token`, the text at the place at which the parser stopped; empty at the end.
/// Its place is left to the caller.
Diagnostic describe(const SyntaxError& error, const std::string& token);

}  // namespace knack::host
