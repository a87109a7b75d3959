// SPDX-License-Identifier: MIT
#include "host/recipe/schema.hpp"

#include <filesystem>

#include "host/common/error.hpp"
#include "host/common/join.hpp"
#include "host/recipe/parse.hpp"
#include "host/recipe/schema_text.hpp"
#include "host/recipe/schema_validator.hpp"

namespace knack::host {
namespace {

constexpr const char* kPathFormat = "knack-path";
constexpr std::size_t kFewNames = 6;  // fit beside the mark

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
    const std::size_t errors_before = diagnostics_.all().size();
    if (value.is_object()) conform_members(value, schema, pointer, other_keys);
    if (value.is_array() && schema.contains("items")) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (!conform(value[i], schema["items"], child_pointer(pointer, i))) value[i] = nullptr;
      }
    }
    if (diagnostics_.all().size() > errors_before) return true;  // what is left is usable
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
      diagnostics_.add(
          {.id = "E0311",
           .sentence = "missing key " + backticked(key) + " in " + describe_place(pointer),
           .place = document_.nearest_origin(pointer).value_place(),
           .label = "expected a key " + backticked(key) + " in here",
           .helps = advice_for_missing(key)});
    }
  }

  void report_unknown_key(const std::string& key, const Json& properties,
                          const std::string& pointer, const std::vector<std::string>& other_keys) {
    std::vector<std::string> known = keys_of(properties);
    known.insert(known.end(), other_keys.begin(), other_keys.end());
    Diagnostic diagnostic{
        .id = "E0310",
        .sentence = "unknown key " + backticked(key) + " in " + describe_place(pointer),
        .place = document_.nearest_origin(child_pointer(pointer, key)).key_place(),
        .helps = suggestions(key, known)};
    if (known.size() <= kFewNames) {
      diagnostic.label = "expected " + (known.empty() ? "no key" : "one of: " + join(known));
    } else {
      diagnostic.label = "no such key";
      diagnostic.notes.push_back("expected one of: " + join(known));
    }
    if (!other_keys.empty()) {
      diagnostic.helps.push_back("`knack plugins inspect " + plugin_at(pointer) +
                                 "` shows its options");
    }
    diagnostics_.add(std::move(diagnostic));
  }

  void report_violation(const Json& value, const Json& schema, const std::string& pointer,
                        const std::string& violation) {
    const std::string expected = describe_schema(schema);
    const std::string what = describe_place(pointer);
    Diagnostic diagnostic{.id = "E0315",
                          .sentence = what + " is not valid",
                          .place = document_.nearest_origin(pointer).value_place(),
                          .label = expected.empty() ? violation : "expected " + expected};
    diagnostic.label += ", found " + describe_value(value);
    if (schema.contains("description") && schema["description"].is_string()) {
      const std::string key = pointer.substr(pointer.rfind('/') + 1);
      diagnostic.notes.push_back(backticked(key) + ": " + schema["description"].get<std::string>());
    }
    const auto breaks = [&](const char* keyword) {
      return schema.contains(keyword) &&
             find_violation(value, Json{{keyword, schema[keyword]}}).has_value();
    };
    if (breaks("type")) {
      diagnostic.id = "E0312";
      diagnostic.sentence = what + " has the wrong type";
    } else if (breaks("enum") || breaks("const")) {
      diagnostic.id = "E0314";
      diagnostic.sentence = what + " is not one of its choices";
      diagnostic.helps = suggested_choices(value, schema);
    } else if (breaks("minimum") || breaks("maximum") || breaks("exclusiveMinimum") ||
               breaks("exclusiveMaximum")) {
      diagnostic.id = "E0313";
      diagnostic.sentence = what + " is out of range";
    }
    diagnostics_.add(std::move(diagnostic));
  }

  static std::vector<std::string> suggested_choices(const Json& value, const Json& schema) {
    std::vector<std::string> choices;
    for (const Json& choice : schema.value("enum", Json::array())) {
      if (choice.is_string()) choices.push_back(choice.get<std::string>());
    }
    if (!value.is_string()) return {};
    return suggestions(value.get<std::string>(), choices);
  }

  static std::vector<std::string> advice_for_missing(const std::string& key) {
    if (key != "use") return {};
    return {"name a plugin, such as `\"use\": \"ID\"`; `knack plugins list` shows what there is"};
  }

  /// The path in backticks, and behind it the plugin if it is a section.
  std::string describe_place(const std::string& pointer) const {
    const std::string path =
        pointer.empty() ? readable_path("") : backticked(readable_path(pointer));
    const std::string plugin = plugin_at(pointer);
    return plugin.empty() ? path : path + " (" + plugin + ")";
  }

  /// The id of the plugin whose section stands there; empty if none does.
  std::string plugin_at(const std::string& pointer) const {
    if (document_.find_origin(pointer + "/use") == nullptr) return "";
    const Json& use = document_.root.at(Json::json_pointer(pointer) / "use");
    return use.is_string() ? one_line(use.get<std::string>()) : "";
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

}  // namespace

Json options_schema(const std::string& text) {
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

bool conform(Json& value, const Json& schema, const std::string& pointer, const Document& document,
             Diagnostics& diagnostics, const std::vector<std::string>& other_keys) {
  return Conformer(document, diagnostics).conform(value, schema, pointer, other_keys);
}

void validate_options(Section& section, const std::string& schema_json, const Document& document,
                      Diagnostics& diagnostics) {
  const auto blame_plugin = [&](const std::exception& error) {
    throw Error("E0409", "plugin " + backticked(section.use) +
                             ": its options schema is invalid: " + error.what() +
                             "; this is a defect of the plugin, report it to the plugin's author");
  };
  Json schema;
  try {
    schema = options_schema(schema_json);
  } catch (const std::runtime_error& error) {
    blame_plugin(error);
  }
  try {
    conform(section.options, schema, section.pointer, document, diagnostics, section.host_keys);
  } catch (const SchemaError& error) {
    blame_plugin(error);
  }
}

}  // namespace knack::host
