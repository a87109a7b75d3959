// SPDX-License-Identifier: MIT
// JSON Schemas and values in a person's words, for messages.
#pragma once

#include <string>

#include "host/recipe/document.hpp"

namespace knack::host {

/// What a schema accepts: "a number from 0 to 1", "one of "a", "b""; empty if it says no more
/// than words can (a combination of schemas).
std::string describe_schema(const Json& schema);

/// A value on one line, shortened: "`0.5`", "a list of 3", "an object".
std::string describe_value(const Json& value);

}  // namespace knack::host
