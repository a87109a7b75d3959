// SPDX-License-Identifier: MIT
#include "host/recipe/schema.hpp"

#include <filesystem>

#include "host/common/error.hpp"
#include "host/recipe/parse.hpp"
#include "host/recipe/schema_text.hpp"
#include "host/recipe/schema_validator.hpp"

namespace knack::host {
namespace {

constexpr const char* kPathFormat = "knack-path";

// What validate_options() takes from a plugin: the part of draft-07 that needs no references, so
// that a schema can neither recurse for ever nor reach outside itself.
constexpr const char* kOptionsMetaSchema = R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "$schema": {"type": "string"}, "$id": {"type": "string"},
    "title": {"type": "string"}, "description": {"type": "string"}, "examples": {"type": "array"},
    "type": {
      "anyOf": [{"$ref": "#/definitions/type"},
                {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/type"}}]
    },
    "properties": {"type": "object", "additionalProperties": {"$ref": "#"}},
    "required": {"type": "array", "items": {"type": "string"}},
    "additionalProperties": {"anyOf": [{"type": "boolean"}, {"$ref": "#"}]},
    "items": {"$ref": "#"},
    "enum": {"type": "array", "minItems": 1}, "const": {}, "default": {},
    "minimum": {"type": "number"}, "maximum": {"type": "number"},
    "exclusiveMinimum": {"type": "number"}, "exclusiveMaximum": {"type": "number"},
    "multipleOf": {"type": "number", "exclusiveMinimum": 0},
    "minLength": {"type": "integer", "minimum": 0}, "maxLength": {"type": "integer", "minimum": 0},
    "minItems": {"type": "integer", "minimum": 0}, "maxItems": {"type": "integer", "minimum": 0},
    "pattern": {"type": "string"}, "format": {"type": "string"}, "uniqueItems": {"type": "boolean"},
    "anyOf": {"$ref": "#/definitions/schemas"}, "oneOf": {"$ref": "#/definitions/schemas"},
    "allOf": {"$ref": "#/definitions/schemas"}, "not": {"$ref": "#"}
  },
  "definitions": {
    "type": {"enum": ["number", "integer", "string", "boolean", "array", "object", "null"]},
    "schemas": {"type": "array", "minItems": 1, "items": {"$ref": "#"}}
  }
})";

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

/// The schema without what Conformer checks part by part, so that no part is checked twice.
Json own_rules(const Json& schema) {
  Json rules = Json::object();
  for (const auto& [keyword, rule] : schema.items()) {
    const bool is_about_parts = keyword == "properties" || keyword == "additionalProperties" ||
                                keyword == "required" || keyword == "items";
    if (!is_about_parts) rules[keyword] = rule;
  }
  return rules;
}

class Conformer {
 public:
  Conformer(const Document& document, Diagnostics& diagnostics)
      : document_(document), diagnostics_(diagnostics) {}

  bool conform(Json& value, const Json& schema, const std::string& pointer,
               const std::vector<std::string>& other_keys = {}) {
    const std::size_t errors_before = diagnostics_.lines().size();
    if (value.is_object()) conform_members(value, schema, pointer, other_keys);
    if (value.is_array() && schema.contains("items")) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (!conform(value[i], schema["items"], child_pointer(pointer, i))) value[i] = nullptr;
      }
    }
    if (diagnostics_.lines().size() > errors_before) return true;  // what is left is usable
    if (const auto violation = find_violation(value, own_rules(schema))) {
      report_violation(value, schema, pointer, *violation);
      return false;
    }
    if (value.is_string() && schema.value("format", "") == kPathFormat) {
      value = absolute_path(value.get<std::string>(), pointer);
    }
    return true;
  }

 private:
  void conform_members(Json& object, const Json& schema, const std::string& pointer,
                       const std::vector<std::string>& other_keys) {
    const Json properties = schema.value("properties", Json::object());
    const Json others = schema.value("additionalProperties", Json(true));
    for (const std::string& key : keys_of(object)) {
      const Json& rule = properties.contains(key) ? properties[key] : others;
      if (rule == false) {
        report_unknown_key(key, properties, pointer, other_keys);
        object.erase(key);
      } else if (rule.is_object() && !conform(object[key], rule, child_pointer(pointer, key))) {
        object.erase(key);
      }
    }
    report_missing_keys(object, schema, pointer);
    for (const auto& [key, rule] : properties.items()) {
      if (object.contains(key) || !rule.contains("default")) continue;
      object[key] = rule["default"];
      conform(object[key], rule, child_pointer(pointer, key));
    }
  }

  void report_missing_keys(const Json& object, const Json& schema, const std::string& pointer) {
    for (const std::string key : schema.value("required", Json::array())) {
      const bool was_removed = document_.find_origin(child_pointer(pointer, key)) != nullptr;
      if (object.contains(key) || was_removed) continue;
      diagnostics_.add(document_.nearest_origin(pointer).place_of_value(),
                       "missing key " + backticked(key) + " in " + describe_place(pointer));
    }
  }

  void report_unknown_key(const std::string& key, const Json& properties,
                          const std::string& pointer, const std::vector<std::string>& other_keys) {
    std::vector<std::string> known = keys_of(properties);
    known.insert(known.end(), other_keys.begin(), other_keys.end());
    std::string expected;
    for (const std::string& name : known) expected += (expected.empty() ? "" : ", ") + name;
    diagnostics_.add(document_.nearest_origin(child_pointer(pointer, key)).place_of_key(),
                     "unknown key " + backticked(key) + " in " + describe_place(pointer) +
                         "; expected " + (known.empty() ? "none" : "one of: " + expected) +
                         suggestion(key, known));
  }

  void report_violation(const Json& value, const Json& schema, const std::string& pointer,
                        const std::string& violation) {
    const std::string expected = describe_schema(schema);
    std::string message = describe_place(pointer) + ": ";
    message += expected.empty() ? violation : "expected " + expected;
    message += ", found " + describe_value(value);
    if (value.is_string() && schema.contains("enum")) {
      std::vector<std::string> choices;
      for (const Json& choice : schema["enum"]) {
        if (choice.is_string()) choices.push_back(choice.get<std::string>());
      }
      message += suggestion(value.get<std::string>(), choices);
    }
    diagnostics_.add(document_.nearest_origin(pointer).place_of_value(), message);
  }

  /// `tricks[0] (ema)`: the path, and the plugin if it is a section.
  std::string describe_place(const std::string& pointer) const {
    const Json::json_pointer use = Json::json_pointer(pointer) / "use";
    const bool is_section = document_.find_origin(pointer + "/use") != nullptr;
    if (!is_section || !document_.root.at(use).is_string()) return readable_path(pointer);
    return readable_path(pointer) + " (" + one_line(document_.root.at(use).get<std::string>()) +
           ")";
  }

  std::string absolute_path(const std::string& path, const std::string& pointer) const {
    if (path.empty()) return path;
    const Origin* origin = document_.find_origin(pointer);
    const auto folder = origin ? origin->folder() : std::filesystem::current_path();
    return (folder / path).lexically_normal().string();
  }

  const Document& document_;
  Diagnostics& diagnostics_;
};

/// Throws SchemaError if a pattern is no regular expression, or a default contradicts the schema
/// that gives it.
void check_contents(const Json& schema, const std::string& pointer) {
  if (schema.contains("pattern")) find_violation("", {{"pattern", schema["pattern"]}});
  if (schema.contains("default")) {
    if (const auto violation = find_violation(schema["default"], schema)) {
      throw SchemaError("the default of " + readable_path(pointer) + " is invalid: " + *violation);
    }
  }
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [key, rule] : properties.items()) {
    check_contents(rule, child_pointer(pointer, key));
  }
  if (schema.contains("items")) check_contents(schema["items"], child_pointer(pointer, 0));
}

Json parse_options_schema(const std::string& text) {
  Diagnostics diagnostics;
  Json schema = parse_json(text.empty() ? "{}" : text, "schema", diagnostics).root;
  diagnostics.throw_if_any();
  static const Json kMetaSchema = Json::parse(kOptionsMetaSchema);
  if (const auto violation = find_violation(schema, kMetaSchema)) throw SchemaError(*violation);
  check_contents(schema, "");
  const bool combines = schema.contains("anyOf") || schema.contains("oneOf") ||
                        schema.contains("allOf") || schema.contains("not");
  if (!combines && !schema.contains("additionalProperties")) schema["additionalProperties"] = false;
  return schema;
}

}  // namespace

bool conform(Json& value, const Json& schema, const std::string& pointer, const Document& document,
             Diagnostics& diagnostics, const std::vector<std::string>& other_keys) {
  return Conformer(document, diagnostics).conform(value, schema, pointer, other_keys);
}

void validate_options(Section& section, const std::string& schema_json, const Document& document,
                      Diagnostics& diagnostics) {
  try {
    const Json schema = parse_options_schema(schema_json);
    conform(section.options, schema, section.pointer, document, diagnostics, section.host_keys);
  } catch (const std::runtime_error& error) {
    throw Error(ExitCode::plugin, "plugin " + backticked(section.use) +
                                      ": its options schema is invalid: " + error.what() +
                                      "; this is a defect of the plugin");
  }
}

}  // namespace knack::host
