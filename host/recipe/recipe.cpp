// SPDX-License-Identifier: MIT
#include "host/recipe/recipe.hpp"

#include <map>

#include "host/recipe/recipe_fields.hpp"
#include "host/recipe/recipe_schema.hpp"
#include "host/recipe/schema.hpp"

namespace knack::host {
namespace {

/// Splits a section's keys into the host's, which `schema` names, and the plugin's options.
Section read_section(const Json& keys, const Json& schema, const std::string& pointer) {
  Section section;
  section.pointer = pointer;
  for (const auto& [key, rule] : schema["properties"].items()) section.host_keys.push_back(key);
  for (const auto& [key, value] : keys.items()) {
    if (!schema["properties"].contains(key)) section.options[key] = value;
  }
  section.use = keys.value("use", "");
  section.name = section.use;
  return section;
}

std::optional<InitialWeights> read_weights(const Json& weights) {
  if (weights.is_string()) return InitialWeights{weights.get<std::string>()};
  if (!weights.is_object() || !weights.contains("file")) return std::nullopt;
  InitialWeights initial{weights["file"].get<std::string>(), weights.value("strip_prefix", ""), {}};
  for (const Json& pattern : weights.value("ignore", Json::array())) {
    if (pattern.is_string()) initial.ignore.push_back(pattern.get<std::string>());
  }
  return initial;
}

/// The path alone where it says everything.
Json write_weights(const InitialWeights& weights) {
  if (weights.strip_prefix.empty() && weights.ignore.empty()) return weights.file;
  return {
      {"file", weights.file}, {"strip_prefix", weights.strip_prefix}, {"ignore", weights.ignore}};
}

DataSection read_data(const Json& data, const std::string& split) {
  DataSection section;
  const Json keys = data.value(split, Json::object());
  section.dataset = read_section(keys, data_section_schema(), "/data/" + split);
  read_fields(keys, section.loader);
  return section;
}

std::vector<Section> read_tricks(const Json& tricks, const Document& document,
                                 Diagnostics& diagnostics) {
  std::vector<Section> sections;
  std::map<std::string, std::string> pointer_by_name;
  for (std::size_t i = 0; i < tricks.size(); ++i) {
    if (!tricks[i].is_object()) continue;  // conform() has reported it
    const std::string pointer = child_pointer("/tricks", i);
    Section section = read_section(tricks[i], trick_schema(), pointer);
    section.name = tricks[i].value("name", section.use);
    const auto [first, is_new] = pointer_by_name.emplace(section.name, pointer);
    if (!is_new && !section.name.empty()) {
      const bool has_name = tricks[i].contains("name");
      const Origin& origin = document.nearest_origin(pointer + (has_name ? "/name" : "/use"));
      diagnostics.add({.id = "E0316",
                       .sentence = backticked(readable_path(pointer)) + " and " +
                                   backticked(readable_path(first->second)) + " are both named " +
                                   backticked(section.name),
                       .place = origin.value_place(),
                       .label = "expected a name of its own",
                       .helps = {"tell them apart by a key `name`"}});
    }
    sections.push_back(std::move(section));
  }
  return sections;
}

TrainerOptions read_trainer(const Json& keys, const Document& document) {
  TrainerOptions trainer;
  read_fields(keys, trainer);
  const bool has_mode = document.find_origin("/trainer/mode") != nullptr;
  if (!has_mode && trainer.monitor.find("loss") != std::string::npos) trainer.mode = "min";
  return trainer;
}

Json write_section(const Section& section) {
  Json keys = {{"use", section.use}};
  keys.update(section.options);
  return keys;
}

Json write_data(const DataSection& section) {
  Json keys = {{"use", section.dataset.use}};
  write_fields(section.loader, keys);
  keys.update(section.dataset.options);
  return keys;
}

}  // namespace

Recipe read_recipe(const Document& document, Diagnostics& diagnostics) {
  Json root = document.root;
  if (!conform(root, recipe_schema(), "", document, diagnostics)) root = Json::object();
  const auto object = [&root](const char* key) { return root.value(key, Json::object()); };

  Recipe recipe;
  recipe.name = root.value("name", recipe.name);
  recipe.model = read_section(object("model"), model_schema(), "/model");
  recipe.initial_weights = read_weights(object("model").value("weights", Json()));
  recipe.train = read_data(object("data"), "train");
  recipe.valid = read_data(object("data"), "valid");
  if (object("data").contains("test")) recipe.test = read_data(object("data"), "test");
  recipe.objective = read_section(object("objective"), section_schema(), "/objective");
  recipe.optimizer = read_section(object("optimizer"), section_schema(), "/optimizer");
  recipe.trainer = read_trainer(object("trainer"), document);
  read_fields(object("checkpoint"), recipe.checkpoint);
  recipe.tricks = read_tricks(root.value("tricks", Json::array()), document, diagnostics);
  for (const Json& folder : object("plugins").value("path", Json::array())) {
    if (folder.is_string()) recipe.plugin_path.push_back(folder.get<std::string>());
  }
  const Json pins = object("plugins").value("pin", Json::object());
  for (const auto& [id, pin] : pins.items()) recipe.pins[id] = pin.get<std::string>();
  const Json used = object("plugins").value("used", Json::object());
  for (const auto& [id, plugin] : used.items()) {
    recipe.used_plugins[id] = {plugin.value("version", std::string()),
                               plugin.value("sha256", std::string())};
  }
  return recipe;
}

std::vector<PluginSection> plugin_sections(Recipe& recipe) {
  std::vector<PluginSection> sections = {{"model", &recipe.model},
                                         {"dataset", &recipe.train.dataset},
                                         {"dataset", &recipe.valid.dataset}};
  if (recipe.test) sections.push_back({"dataset", &recipe.test->dataset});
  sections.push_back({"objective", &recipe.objective});
  sections.push_back({"optimizer", &recipe.optimizer});
  for (Section& trick : recipe.tricks) sections.push_back({"trick", &trick});
  std::erase_if(sections, [](const PluginSection& named) { return named.section->use.empty(); });
  return sections;
}

Json resolved(const Recipe& recipe) {
  Json root;
  root["name"] = recipe.name;
  root["model"] = {{"use", recipe.model.use}, {"weights", nullptr}};
  if (recipe.initial_weights) root["model"]["weights"] = write_weights(*recipe.initial_weights);
  root["model"].update(recipe.model.options);
  root["data"] = {{"train", write_data(recipe.train)}, {"valid", write_data(recipe.valid)}};
  if (recipe.test) root["data"]["test"] = write_data(*recipe.test);
  root["objective"] = write_section(recipe.objective);
  root["optimizer"] = write_section(recipe.optimizer);
  write_fields(recipe.trainer, root["trainer"]);
  write_fields(recipe.checkpoint, root["checkpoint"]);
  root["tricks"] = Json::array();
  for (const Section& trick : recipe.tricks) {
    Json keys = {{"use", trick.use}, {"name", trick.name}};
    keys.update(trick.options);
    root["tricks"].push_back(std::move(keys));
  }
  root["plugins"]["path"] = recipe.plugin_path;
  for (const auto& [id, pin] : recipe.pins) root["plugins"]["pin"][id] = pin;
  for (const auto& [id, used] : recipe.used_plugins) {
    root["plugins"]["used"][id] = {{"version", used.version}, {"sha256", used.sha256}};
  }
  return root;
}

}  // namespace knack::host
