// SPDX-License-Identifier: MIT
// Checks recipe values against JSON Schemas: the host's own and those of the plugins.
#pragma once

#include <string>
#include <vector>

#include "host/recipe/diagnostics.hpp"
#include "host/recipe/document.hpp"
#include "host/recipe/recipe.hpp"

namespace knack::host {

/// Makes `value`, which stands at `pointer` of `document`, conform to the draft-07 `schema`.
///
/// Adds an error for each innermost violation and removes what is invalid (a list element becomes
/// null, so that the others keep their index); fills in the "default" of each absent property;
/// makes strings of format "knack-path" absolute, relative to the folder of the file in which
/// they stand, or to the current folder if they come from the command line or are defaults.
/// `other_keys` are valid beside the properties of the outermost object, and known elsewhere.
/// Returns whether `value` itself is usable. Throws SchemaError if the schema is not.
bool conform(Json& value, const Json& schema, const std::string& pointer, const Document& document,
             Diagnostics& diagnostics, const std::vector<std::string>& other_keys = {});

/// Reads the JSON Schema that a plugin gives for its options ("" stands for "{}": no options). Keys
/// that it does not name are errors unless it sets "additionalProperties" or combines schemas: the
/// result says so.
///
/// A schema may use: type, properties, required, additionalProperties, items, enum, const, default,
/// minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern,
/// minItems, maxItems, uniqueItems, anyOf, oneOf, allOf, not, format, title, description, examples,
/// $schema and $id; no references. Throws std::runtime_error if the schema breaks this, or a default
/// contradicts it.
Json options_schema(const std::string& text);

/// Checks the options of a section against the JSON Schema that its plugin gives, see
/// options_schema(), and fills in their defaults; see conform(). Throws Error (ExitCode::plugin) for
/// a schema that cannot be used.
void validate_options(Section& section, const std::string& schema_json, const Document& document,
                      Diagnostics& diagnostics);

}  // namespace knack::host
