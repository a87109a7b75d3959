// SPDX-License-Identifier: MIT
#include "host/recipe/editor_schema.hpp"

#include <algorithm>
#include <array>

#include "host/recipe/recipe_schema.hpp"

namespace knack::host {
namespace {

constexpr const char* kOverlay = "overlay.";
constexpr std::array<const char*, 4> kCombinations = {"anyOf", "oneOf", "allOf", "not"};

bool combines(const Json& schema) {
  return std::any_of(kCombinations.begin(), kCombinations.end(),
                     [&](const char* keyword) { return schema.contains(keyword); });
}

/// Calls `visit` with each schema within `schema`.
template <class Visit>
void for_each_part(Json& schema, Visit visit) {
  if (schema.contains("properties")) {
    for (auto& [key, part] : schema["properties"].items()) visit(part);
  }
  for (const char* keyword : {"items", "additionalProperties", "not"}) {
    if (schema.contains(keyword)) visit(schema[keyword]);
  }
  for (const char* keyword : {"anyOf", "oneOf", "allOf"}) {
    if (!schema.contains(keyword)) continue;
    for (Json& part : schema[keyword]) visit(part);
  }
}

/// References are resolved against "$id", so that one in the middle would mislead them.
void forget_identity(Json& schema) {
  if (!schema.is_object()) return;
  schema.erase("$id");
  schema.erase("$schema");
  for_each_part(schema, forget_identity);
}

/// Makes `keys` valid beside the properties, whatever they hold.
void allow_keys(Json& schema, const std::vector<std::string>& keys) {
  if (!schema.is_object()) return;
  if (schema.contains("properties") || schema.contains("additionalProperties")) {
    for (const std::string& key : keys) schema["properties"][key] = true;
  }
  for (const char* keyword : {"anyOf", "oneOf", "allOf"}) {
    if (!schema.contains(keyword)) continue;
    for (Json& part : schema[keyword]) allow_keys(part, keys);
  }
}

void add_once(Json& list, const Json& value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

Json nullable(Json schema) {
  if (!schema.is_object()) return schema;
  if (combines(schema) || schema.contains("const") || schema.contains("$ref")) {
    return {{"anyOf", {std::move(schema), {{"type", "null"}}}}};
  }
  if (schema.contains("enum")) add_once(schema["enum"], nullptr);
  if (schema.contains("type")) {
    Json& types = schema["type"];
    if (!types.is_array()) types = Json::array({types});
    add_once(types, "null");
  }
  return schema;
}

/// What of a value that `schema` describes may stand in a file that is laid over another: objects
/// merge, and null removes a key. Lists replace, so they are as ever.
Json overlay(Json schema) {
  if (!schema.is_object()) return schema;
  if (combines(schema)) return true;
  schema.erase("required");
  schema.erase("default");
  if (schema.contains("properties")) {
    for (auto& [key, part] : schema["properties"].items()) part = nullable(overlay(part));
  }
  if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object()) {
    schema["additionalProperties"] = nullable(overlay(schema["additionalProperties"]));
  }
  return schema;
}

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

Json reference(const std::string& name) {
  return {{"$ref", "#/definitions/" + name}};
}

class EditorSchema {
 public:
  explicit EditorSchema(const std::vector<EditorPlugin>& plugins) : plugins_(plugins) {}

  Json make() {
    const std::vector<std::pair<std::string, Json>> sections = {{"model", model_schema()},
                                                                {"dataset", data_section_schema()},
                                                                {"objective", section_schema()},
                                                                {"optimizer", section_schema()}};
    for (const auto& [kind, schema] : sections) {
      define_section(kind, schema);
      define_overlay(kind, schema);
    }
    define_section("trick", trick_schema());  // in a list, and lists replace
    Json recipe = recipe_schema();
    recipe.erase("$schema");
    Json& properties = recipe["properties"];
    properties["$schema"] = {{"description", "The schema that editors check this file by"}};
    properties["extends"] = extends_schema();
    properties["tricks"]["items"] = reference("trick");
    properties["plugins"]["properties"]["pin"]["propertyNames"] = pin_names();
    definitions_["recipe"] = with_sections(recipe, "");
    definitions_["overlay"] = with_sections(recipe_overlay(recipe), kOverlay);
    return {{"$schema", "http://json-schema.org/draft-07/schema#"},
            {"title", "Recipe of knack"},
            {"allowComments", true},
            {"type", "object"},
            {"if", {{"required", {"extends"}}}},
            {"then", reference("overlay")},
            {"else", reference("recipe")},
            {"definitions", std::move(definitions_)}};
  }

 private:
  static Json extends_schema() {
    const Json path = {{"type", "string"}};
    return {{"type", {"string", "array"}},
            {"items", path},
            {"description",
             "Recipe file to inherit from, or a list of them, relative to this file; later ones "
             "win"}};
  }

  static Json with_sections(Json recipe, const std::string& prefix) {
    Json& properties = recipe["properties"];
    for (const char* section : {"model", "objective", "optimizer"}) {
      properties[section] = reference(prefix + section);
    }
    for (const char* split : {"train", "valid"}) {
      properties["data"]["properties"][split] = reference(prefix + "dataset");
    }
    const Json test = reference(prefix + "dataset");
    properties["data"]["properties"]["test"] = prefix.empty() ? test : nullable(test);
    return recipe;
  }

  /// Keys without which there is no recipe cannot be removed, and the loader takes care of its own.
  static Json recipe_overlay(const Json& recipe) {
    Json schema = overlay(recipe);
    for (const std::string key : {"data", "extends", "$schema"}) {
      schema["properties"][key] = overlay(recipe.at("properties").at(key));
    }
    return schema;
  }

  std::vector<const EditorPlugin*> of_kind(const std::string& kind) const {
    std::vector<const EditorPlugin*> found;
    for (const EditorPlugin& plugin : plugins_) {
      if (plugin.kind == kind) found.push_back(&plugin);
    }
    return found;
  }

  Json use_schema(const std::string& kind) const {
    Json use = {{"description", "Id of the " + kind + " plugin"}, {"enum", Json::array()}};
    use["enumDescriptions"] = Json::array();
    for (const EditorPlugin* plugin : of_kind(kind)) {
      use["enum"].push_back(plugin->id);
      use["enumDescriptions"].push_back(plugin->summary);
    }
    return use;
  }

  /// The options of one plugin, in a section with these keys of the host.
  Json options_of(const EditorPlugin& plugin, const std::vector<std::string>& host_keys) const {
    if (!plugin.options) return true;
    Json schema = *plugin.options;
    forget_identity(schema);
    allow_keys(schema, host_keys);
    if (!schema.contains("description")) schema["description"] = plugin.summary;
    return schema;
  }

  /// Options of which it is not known whose they are: those of any plugin of the kind.
  Json options_of_any(const std::string& kind, const std::vector<std::string>& host_keys) const {
    Json choices = Json::object();
    for (const EditorPlugin* plugin : of_kind(kind)) {
      const bool is_closed = plugin->options && !combines(*plugin->options) &&
                             plugin->options->value("additionalProperties", Json()) == false;
      if (!is_closed) return true;
      const Json options = overlay(options_of(*plugin, {})).value("properties", Json::object());
      for (const auto& [key, rule] : options.items()) {
        Json& known = choices[key];
        if (known.is_null()) known = Json::array();
        add_once(known, rule);
      }
    }
    Json properties = Json::object();
    for (const auto& [key, known] : choices.items()) {
      properties[key] = known.size() == 1 ? known.front() : Json{{"anyOf", known}};
    }
    for (const std::string& key : host_keys) properties[key] = true;
    return {{"properties", properties}, {"additionalProperties", false}};
  }

  /// Defines the section of a kind of plugin; the host's own keys are in `schema`.
  void define_section(const std::string& kind, const Json& schema) {
    Json section = schema;
    section["properties"]["use"] = use_schema(kind);
    section["allOf"] = options_by_use(kind, keys_of(section["properties"]), "");
    if (section["allOf"].empty()) section.erase("allOf");
    definitions_[kind] = std::move(section);
  }

  /// The same of a section that is laid over another.
  void define_overlay(const std::string& kind, const Json& schema) {
    const std::vector<std::string> host_keys = keys_of(schema.at("properties"));
    Json section = overlay(schema);
    section["properties"]["use"] = use_schema(kind);
    section["allOf"] = options_by_use(kind, host_keys, kOverlay);
    section["allOf"].push_back({{"if", {{"required", {"use"}}}},
                                {"then", true},
                                {"else", options_of_any(kind, host_keys)}});
    definitions_[kOverlay + kind] = std::move(section);
  }

  /// Defines the options of each plugin of a kind, and says for which "use" they hold.
  Json options_by_use(const std::string& kind, const std::vector<std::string>& host_keys,
                      const std::string& prefix) {
    Json rules = Json::array();
    for (const EditorPlugin* plugin : of_kind(kind)) {
      const std::string name = prefix + kind + "." + plugin->id;
      const Json options = options_of(*plugin, host_keys);
      definitions_[name] = prefix.empty() ? options : overlay(options);
      const Json is_used = {{"required", {"use"}},
                            {"properties", {{"use", {{"const", plugin->id}}}}}};
      rules.push_back({{"if", is_used}, {"then", reference(name)}});
    }
    return rules;
  }

  /// "ID" and "KIND/ID", of which a pin can be.
  Json pin_names() const {
    std::vector<std::string> names;
    for (const EditorPlugin& plugin : plugins_) {
      names.push_back(plugin.id);
      names.push_back(plugin.kind + "/" + plugin.id);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return {{"enum", names}};
  }

  const std::vector<EditorPlugin>& plugins_;
  Json definitions_ = Json::object();
};

}  // namespace

Json editor_schema(const std::vector<EditorPlugin>& plugins) {
  return EditorSchema(plugins).make();
}

}  // namespace knack::host
