// SPDX-License-Identifier: MIT
// JSON Schema draft-07, as valijson implements it.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include "host/recipe/document.hpp"

namespace knack::host {

/// The schema cannot be used: the text says why.
struct SchemaError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What is wrong with `value`, in valijson's words for the innermost violation; nothing if it is
/// valid. Types are strict: `true` and `3.0` are no integers. Throws SchemaError.
std::optional<std::string> find_violation(const Json& value, const Json& schema);

}  // namespace knack::host
