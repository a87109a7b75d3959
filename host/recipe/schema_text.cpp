// SPDX-License-Identifier: MIT
#include "host/recipe/schema_text.hpp"

#include <map>
#include <vector>

#include "host/common/join.hpp"
#include "host/recipe/diagnostics.hpp"

namespace knack::host {
namespace {

std::string describe_types(const Json& schema) {
  static const std::map<std::string, std::string> kWords = {
      {"number", "a number"}, {"integer", "an integer"},
      {"string", "a string"}, {"boolean", "true or false"},
      {"array", "a list"},    {"object", "an object"},
      {"null", "null"}};
  if (!schema.contains("type")) return "";
  const Json types = schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]});
  std::vector<std::string> words;
  for (const Json& type : types) words.push_back(kWords.at(type.get<std::string>()));
  return join(words, " or ");
}

std::string describe_bounds(const Json& schema) {
  const bool is_range = schema.contains("minimum") && schema.contains("maximum");
  if (is_range) return "from " + schema["minimum"].dump() + " to " + schema["maximum"].dump();
  std::vector<std::string> bounds;
  const std::vector<std::pair<const char*, const char*>> kWords = {
      {"minimum", "of at least "},
      {"exclusiveMinimum", "above "},
      {"maximum", "of at most "},
      {"exclusiveMaximum", "below "},
      {"multipleOf", "that is a multiple of "}};
  for (const auto& [keyword, word] : kWords) {
    if (schema.contains(keyword)) bounds.push_back(word + schema[keyword].dump());
  }
  return join(bounds, " and ");
}

std::string describe_size(const Json& schema) {
  std::vector<std::string> sizes;
  const std::vector<std::pair<const char*, std::pair<const char*, const char*>>> kWords = {
      {"minLength", {"of at least ", " characters"}},
      {"maxLength", {"of at most ", " characters"}},
      {"minItems", {"of at least ", " elements"}},
      {"maxItems", {"of at most ", " elements"}}};
  for (const auto& [keyword, words] : kWords) {
    if (!schema.contains(keyword)) continue;
    const bool is_minimum = std::string_view(keyword).starts_with("min");
    if (is_minimum && schema[keyword] == 1) {
      sizes.push_back("that is not empty");
      continue;
    }
    sizes.push_back(words.first + schema[keyword].dump() + words.second);
  }
  if (schema.contains("pattern")) {
    sizes.push_back("matching " + backticked(schema["pattern"].get<std::string>()));
  }
  if (schema.value("uniqueItems", false)) sizes.push_back("without repeats");
  return join(sizes, ", ");
}

}  // namespace

std::string describe_schema(const Json& schema) {
  if (schema.contains("const")) return schema["const"].dump();
  if (schema.contains("enum")) {
    std::vector<std::string> choices;
    for (const Json& choice : schema["enum"]) choices.push_back(choice.dump());
    return (choices.size() == 1 ? "" : "one of ") + join(choices, ", ");
  }
  for (const char* keyword : {"anyOf", "oneOf"}) {
    if (!schema.contains(keyword)) continue;
    std::vector<std::string> choices;
    for (const Json& choice : schema[keyword]) choices.push_back(describe_schema(choice));
    std::erase(choices, "");
    return join(choices, " or ");
  }
  std::vector<std::string> parts;
  for (const std::string& part :
       {describe_types(schema), describe_bounds(schema), describe_size(schema)}) {
    if (!part.empty()) parts.push_back(part);
  }
  return join(parts, " ");
}

std::string describe_value(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list of " + std::to_string(value.size());
  return backticked(value.dump());
}

}  // namespace knack::host
