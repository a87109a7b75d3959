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
    "epochs": {"type": "integer", "minimum": 1,
      "description": "Passes over data.train"},
    "seed": {"type": "integer", "minimum": 0,
      "description": "Of initial weights, order of samples and random streams of plugins"},
    "device": {"enum": ["auto", "cpu", "cuda"],
      "description": "cuda is a GPU; auto takes one when there is one"},
    "precision": {"enum": ["fp32", "bf16", "fp64"],
      "description": "bf16: autocast, while weights stay fp32"},
    "channels_last": {"type": "boolean",
      "description": "Memory format of images and weights of convolutions"},
    "threads": {"type": "integer", "minimum": 0, "maximum": 1024,
      "description": "Within one operator; 0 decides by the size of the operators"},
    "monitor": {"type": "string", "minLength": 1,
      "description": "The metric of data.valid that makes every choice"},
    "mode": {"enum": ["max", "min"],
      "description": "Which of two values of monitor is better; min by default for a monitor with loss in its name"},
    "non_finite": {"enum": ["stop", "skip_step"],
      "description": "What is done when a loss or a gradient is NaN or infinite"},
    "non_finite_limit": {"type": "integer", "minimum": 1,
      "description": "Steps in a row that skip_step leaves out before it ends the run"},
    "check_plugins": {"type": "boolean",
      "description": "Verify after each call that a plugin left global state alone"},
    "log_every_seconds": {"type": "number", "minimum": 0,
      "description": "Between progress lines where there is no terminal"},
    "record_every_steps": {"type": "integer", "minimum": 0,
      "description": "Between records of single steps in metrics.jsonl; 0: none"},
    "run_root": {"type": "string", "minLength": 1,
      "description": "Folder of the run folders, relative to the current folder"}
  }
})";

constexpr const char* kCheckpoint = R"({
  "type": "object",
  "additionalProperties": false,
  "default": {},
  "properties": {
    "every_epochs": {"type": "integer", "minimum": 0,
      "description": "0: not by epochs"},
    "every_steps": {"type": "integer", "minimum": 0,
      "description": "0: not by steps"},
    "every_minutes": {"type": "number", "minimum": 0,
      "description": "0: not by time"},
    "keep": {"type": "integer", "minimum": 1,
      "description": "How many of the newest stay"},
    "best": {"type": "boolean",
      "description": "Also keep that of the epoch with the best monitored metric"}
  }
})";

constexpr const char* kSection = R"({
  "type": "object",
  "required": ["use"],
  "properties": {"use": {"type": "string", "minLength": 1}}
})";

constexpr const char* kModelKeys = R"({
  "weights": {
    "type": ["string", "object", "null"], "minLength": 1, "format": "knack-path", "default": null,
    "description": "safetensors file to start from; every tensor must fit by name and shape",
    "additionalProperties": false,
    "required": ["file"],
    "properties": {
      "file": {"type": "string", "minLength": 1, "format": "knack-path"},
      "strip_prefix": {"type": "string"},
      "ignore": {"type": "array", "items": {"type": "string", "minLength": 1}}
    }
  }
})";

// Folders of a run are named after the recipe and after the tricks that write files.
constexpr const char* kFolderName = R"({
  "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$", "maxLength": 100,
  "description": "Names folders: letters, digits, '.', '_' and '-'"
})";

constexpr const char* kLoaderKeys = R"({
  "batch_size": {"type": "integer", "minimum": 1,
    "description": "Samples of a micro-batch"},
  "shuffle": {"type": "boolean",
    "description": "A new order each epoch, from seed and epoch alone"},
  "drop_last": {"type": "boolean",
    "description": "Leave out the last batch of an epoch when it is short"},
  "workers": {"type": "integer", "minimum": 0, "maximum": 64,
    "description": "Loader threads; no number depends on it"}
})";

constexpr const char* kPlugins = R"({
  "type": "object",
  "additionalProperties": false,
  "default": {},
  "properties": {
    "path": {
      "type": "array",
      "default": [],
      "description": "Folders or files to look for plugins in, first of all",
      "items": {"type": "string", "minLength": 1, "format": "knack-path"}
    },
    "pin": {
      "type": "object",
      "description": "sha256 that the files of plugins must have, by id; see knack plugins lock",
      "additionalProperties": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
    },
    "used": {
      "type": "object",
      "description": "Written by runs",
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
