// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "host/app/commands/commands.hpp"
#include "host/common/error.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

std::string list_text(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text.empty() ? "-" : text;
}

std::string type_text(const nlohmann::ordered_json& schema) {
  if (schema.contains("enum")) {
    return schema["enum"].dump();
  }
  return schema.contains("type") ? schema["type"].dump() : "any";
}

std::string range_text(const nlohmann::ordered_json& schema) {
  std::string text;
  const auto add = [&](const char* key, const char* sign) {
    if (schema.contains(key)) {
      text += (text.empty() ? "" : ", ") + std::string(sign) + " " + schema[key].dump();
    }
  };
  add("minimum", ">=");
  add("exclusiveMinimum", ">");
  add("maximum", "<=");
  add("exclusiveMaximum", "<");
  return text.empty() ? "-" : text;
}

void print_options(const char* schema_json) {
  const auto schema = nlohmann::ordered_json::parse(schema_json == nullptr ? "{}" : schema_json);
  if (!schema.contains("properties") || schema["properties"].empty()) {
    std::cout << "no options\n";
    return;
  }
  std::vector<std::vector<std::string>> rows = {{"option", "default", "type", "range", "meaning"}};
  for (const auto& [name, property] : schema["properties"].items()) {
    rows.push_back({name, property.contains("default") ? property["default"].dump() : "required",
                    type_text(property), range_text(property),
                    property.value("description", std::string())});
  }
  for (const std::string& line : table_lines(rows, 5)) {
    std::cout << line << "\n";
  }
}

void print_offer(Registry& registry, const Offer& offer) {
  const Provided& provided = offer.provided();
  const Manifest& manifest = offer.file->checked.manifest;
  std::vector<std::vector<std::string>> rows = {
      {provided.kind, provided.id},
      {"summary", provided.summary},
      {"version", manifest.version},
      {"file", offer.file->checked.path.string()},
      {"tier", std::string(tier_name(manifest.tier))},
      {"needs ABI", std::to_string(manifest.abi_major) + "." + std::to_string(manifest.abi_minor)},
      {"author", manifest.author.empty() ? "-" : manifest.author},
      {"license", manifest.license.empty() ? "-" : manifest.license},
      {"acts before", list_text(provided.before)},
      {"acts after", list_text(provided.after)}};
  for (const std::string& line : table_lines(rows, 2)) {
    std::cout << line << "\n";
  }
  std::cout << "\n";
  print_options(registry.descriptor(provided.kind, provided.id).schema_json);
}

}  // namespace

void run_command(const PluginsListCommand&, const CommonOptions& common) {
  Workshop workshop(common);
  std::vector<std::vector<std::string>> rows = {{"kind", "id", "version", "tier", "summary"}};
  for (const Offer& offer : workshop.registry().offers()) {
    const Manifest& manifest = offer.file->checked.manifest;
    rows.push_back({offer.provided().kind, offer.provided().id, manifest.version,
                    std::string(tier_name(manifest.tier)), offer.provided().summary});
  }
  std::sort(rows.begin() + 1, rows.end());
  for (const std::string& line : table_lines(rows, 5)) {
    std::cout << line << "\n";
  }
  bool any_refused = false;
  for (const PluginFile& file : workshop.registry().files()) {
    if (!file.is_usable()) {
      std::cout << (any_refused ? "" : "\nrefused:\n") << "  " << file.refusal << "\n";
      any_refused = true;
    }
  }
}

void run_command(const PluginsInspectCommand& command, const CommonOptions& common) {
  Workshop workshop(common);
  Registry& registry = workshop.registry();
  bool found = false;
  for (const Offer& offer : registry.offers()) {
    const bool by_id = offer.provided().id == command.id;
    const bool by_file = offer.file->checked.path == std::filesystem::weakly_canonical(command.id);
    if ((by_id || by_file) && (command.kind.empty() || command.kind == offer.provided().kind)) {
      std::cout << (found ? "\n" : "");
      print_offer(registry, offer);
      found = true;
    }
  }
  if (!found) {
    throw Error(ExitCode::plugin, "`" + command.id + "`: no plugin provides it; `knack plugins "
                                  "list` shows what there is");
  }
}

}  // namespace knack::host
