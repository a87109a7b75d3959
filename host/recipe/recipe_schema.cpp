// SPDX-License-Identifier: MIT
#include "host/recipe/recipe_schema.hpp"

#include "host/recipe/recipe_fields.hpp"

namespace knack::host {
namespace {

constexpr const char* kTrainer = R"({
  "type": "object",
  "additionalProperties": false,
  "default": {},
  "properties": {
    "epochs": {"type": "integer", "minimum": 1},
    "seed": {"type": "integer", "minimum": 0},
    "device": {"enum": ["auto", "cpu", "cuda"]},
    "precision": {"enum": ["fp32", "bf16", "fp64"]},
    "channels_last": {"type": "boolean"},
    "threads": {"type": "integer", "minimum": 0, "maximum": 1024},
    "monitor": {"type": "string", "minLength": 1},
    "mode": {"enum": ["max", "min"]},
    "non_finite": {"enum": ["stop", "skip_step"]},
    "non_finite_limit": {"type": "integer", "minimum": 1},
    "check_plugins": {"type": "boolean"},
    "log_every_seconds": {"type": "number", "minimum": 0},
    "run_root": {"type": "string", "minLength": 1}
  }
})";

constexpr const char* kCheckpoint = R"({
  "type": "object",
  "additionalProperties": false,
  "default": {},
  "properties": {
    "every_epochs": {"type": "integer", "minimum": 0},
    "every_steps": {"type": "integer", "minimum": 0},
    "every_minutes": {"type": "number", "minimum": 0},
    "keep": {"type": "integer", "minimum": 1},
    "best": {"type": "boolean"}
  }
})";

constexpr const char* kSection = R"({
  "type": "object",
  "required": ["use"],
  "properties": {"use": {"type": "string", "minLength": 1}}
})";

constexpr const char* kModelKeys = R"({
  "weights": {"type": ["string", "null"], "minLength": 1, "format": "knack-path", "default": null}
})";

// Folders of a run are named after the recipe and after the tricks that write files.
constexpr const char* kFolderName = R"({
  "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$", "maxLength": 100
})";

constexpr const char* kLoaderKeys = R"({
  "batch_size": {"type": "integer", "minimum": 1},
  "shuffle": {"type": "boolean"},
  "drop_last": {"type": "boolean"},
  "workers": {"type": "integer", "minimum": 0, "maximum": 64}
})";

constexpr const char* kPlugins = R"({
  "type": "object",
  "additionalProperties": false,
  "default": {},
  "properties": {
    "path": {
      "type": "array",
      "default": [],
      "items": {"type": "string", "minLength": 1, "format": "knack-path"}
    },
    "pin": {
      "type": "object",
      "additionalProperties": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
    },
    "used": {
      "type": "object",
      "additionalProperties": {
        "type": "object",
        "additionalProperties": false,
        "required": ["version", "sha256"],
        "properties": {
          "version": {"type": "string"},
          "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}
        }
      }
    }
  }
})";

template <class Options>
void add_defaults(Json& properties) {
  Json defaults;
  write_fields(Options{}, defaults);
  for (const auto& [key, value] : defaults.items()) properties[key]["default"] = value;
}

Json section_with(const Json& host_keys) {
  Json schema = Json::parse(kSection);
  schema["properties"].update(host_keys);
  return schema;
}

template <class Options>
Json schema_of(const char* text) {
  Json schema = Json::parse(text);
  add_defaults<Options>(schema["properties"]);
  return schema;
}

Json data_schema() {
  return {{"type", "object"},
          {"additionalProperties", false},
          {"required", {"train", "valid"}},
          {"properties",
           {{"train", data_section_schema()},
            {"valid", data_section_schema()},
            {"test", data_section_schema()}}}};
}

Json make_recipe_schema() {
  Json name = Json::parse(kFolderName);
  name["default"] = Recipe{}.name;
  return {{"$schema", "http://json-schema.org/draft-07/schema#"},
          {"type", "object"},
          {"additionalProperties", false},
          {"required", {"model", "data", "objective", "optimizer"}},
          {"properties",
           {{"name", name},
            {"model", model_schema()},
            {"data", data_schema()},
            {"objective", section_schema()},
            {"optimizer", section_schema()},
            {"trainer", schema_of<TrainerOptions>(kTrainer)},
            {"checkpoint", schema_of<CheckpointOptions>(kCheckpoint)},
            {"tricks", {{"type", "array"}, {"default", Json::array()}, {"items", trick_schema()}}},
            {"plugins", Json::parse(kPlugins)}}}};
}

}  // namespace

const Json& recipe_schema() {
  static const Json schema = make_recipe_schema();
  return schema;
}

const Json& data_section_schema() {
  static const Json schema = [] {
    Json section = section_with(Json::parse(kLoaderKeys));
    add_defaults<LoaderOptions>(section["properties"]);
    return section;
  }();
  return schema;
}

const Json& trick_schema() {
  static const Json schema = section_with({{"name", Json::parse(kFolderName)}});
  return schema;
}

const Json& model_schema() {
  static const Json schema = section_with(Json::parse(kModelKeys));
  return schema;
}

const Json& section_schema() {
  static const Json schema = section_with(Json::object());
  return schema;
}

}  // namespace knack::host
