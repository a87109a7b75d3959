// SPDX-License-Identifier: MIT
#include <knack/abi/kinds/dataset.h>
#include <knack/abi/kinds/model.h>
#include <knack/abi/kinds/objective.h>
#include <knack/abi/kinds/optimizer.h>
#include <knack/abi/kinds/trick.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "host/app/command_environment.hpp"
#include "host/app/commands/commands.hpp"
#include "host/app/commands/plugin_json.hpp"
#include "host/common/error.hpp"
#include "host/common/join.hpp"
#include "host/common/json_text.hpp"
#include "host/plugin/host_facts.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

struct ListCommand {
  bool json = false;
};

struct InspectCommand {
  std::string id;    ///< of something a plugin provides, or a file
  std::string kind;  ///< empty: any
  bool json = false;
};

std::string list_text(const std::vector<std::string>& words) {
  return words.empty() ? "-" : join(words);
}

std::string type_text(const nlohmann::ordered_json& schema) {
  if (schema.contains("enum")) return schema["enum"].dump();
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
  print_table(rows, 5);
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
  print_table(rows, 2);
  std::cout << "\n";
  print_options(registry.descriptor(provided.kind, provided.id).schema_json);
}

const std::vector<std::string> kKinds = {KNACK_KIND_TRICK, KNACK_KIND_MODEL, KNACK_KIND_DATASET,
                                         KNACK_KIND_OBJECTIVE, KNACK_KIND_OPTIMIZER};

/// The folders that were looked in, and those that could have been.
void print_places(const SearchPlaces& places) {
  std::cout << "no plugins found; looked in:\n";
  std::vector<std::filesystem::path> folders = search_folders(places);
  for (const auto& folder : folders) std::cout << "  " << folder.string() << "\n";
  for (const auto& place : {places.user, places.install}) {
    if (!place.empty() && !std::filesystem::exists(place)) {
      std::cout << "  " << place.string() << " (does not exist)\n";
    }
  }
  std::cout << "name another folder with --plugin-path\n";
}

void print_refusals(const Registry& registry) {
  bool is_first = true;
  for (const PluginFile& file : registry.files()) {
    if (!file.is_usable()) {
      std::cout << (is_first ? "\nrefused:\n" : "") << "  " << file.refusal << "\n";
      is_first = false;
    }
  }
}

void print_offers(Registry& registry, const std::vector<Offer>& offers, bool as_json) {
  if (as_json) {
    nlohmann::ordered_json plugins = nlohmann::ordered_json::array();
    for (const Offer& offer : offers) plugins.push_back(plugin_json(registry, offer));
    std::cout << json_text(plugins_document(std::move(plugins))) << "\n";
    return;
  }
  for (std::size_t i = 0; i < offers.size(); ++i) {
    std::cout << (i == 0 ? "" : "\n");
    print_offer(registry, offers[i]);
  }
}

void print_list_json(const Registry& registry) {
  nlohmann::ordered_json plugins = nlohmann::ordered_json::array();
  for (const Offer& offer : registry.offers()) plugins.push_back(manifest_json(offer));
  nlohmann::ordered_json refused = nlohmann::ordered_json::array();
  for (const PluginFile& file : registry.files()) {
    if (file.is_usable()) continue;
    refused.push_back({{"file", file.checked.path.string()}, {"reason", file.refusal}});
  }
  nlohmann::ordered_json document = plugins_document(std::move(plugins));
  document["refused"] = std::move(refused);
  std::cout << json_text(document) << "\n";
}

bool names_a_file(const std::string& text) {
  const std::filesystem::path path(text);
  return path.has_parent_path() || path.extension() == ".so";
}

/// The offers among `all` of the kind that was asked for. `what` is what provides them all.
std::vector<Offer> of_kind(const std::vector<Offer>& all, const std::string& kind,
                           const std::string& what) {
  std::vector<Offer> chosen;
  std::vector<std::string> kinds;
  for (const Offer& offer : all) {
    kinds.push_back(offer.provided().kind);
    if (kind.empty() || kind == kinds.back()) chosen.push_back(offer);
  }
  if (chosen.empty()) {
    throw Error("E0401",
                "--kind " + kind + ": " + what + " is a plugin of kind " + list_text(kinds));
  }
  return chosen;
}

void inspect_file(const InspectCommand& command, const CommonOptions& common, Console& console) {
  const std::filesystem::path path(command.id);
  if (!std::filesystem::is_regular_file(path)) {
    const std::string found = std::filesystem::exists(path) ? "something else" : "none";
    throw Error("E0402", path, "expected a plugin file, found " + found + "; correct this path");
  }
  Registry registry({std::filesystem::absolute(path)}, this_host(),
                    {common.trusts_writable_plugins, {}});
  const PluginFile& file = registry.files().front();
  if (!file.is_usable()) throw Error(file.problem);
  if (!file.warning.empty()) console.warning(file.warning);
  print_offers(registry, of_kind(registry.offers(), command.kind, command.id), command.json);
}

bool provides(const PluginFile& file, const std::string& id) {
  const std::vector<Provided>& provided = file.checked.manifest.provides;
  return std::any_of(provided.begin(), provided.end(),
                     [&](const Provided& each) { return each.id == id; });
}

[[noreturn]] void refuse_unknown_id(const Registry& registry, const std::string& id) {
  for (const PluginFile& file : registry.files()) {
    if (!file.is_usable() && (provides(file, id) || file.checked.path.stem() == id)) {
      throw Error(file.problem);
    }
  }
  std::vector<std::string> ids;
  for (const Offer& offer : registry.offers()) ids.push_back(offer.provided().id);
  Diagnostic problem{.id = "E0401",
                     .sentence = "no plugin provides " + backticked(id),
                     .helps = suggestions(id, ids)};
  problem.helps.push_back("`knack plugins list` shows what there is");
  throw Error(problem);
}

void inspect_id(const InspectCommand& command, Registry& registry) {
  std::vector<Offer> offers = registry.offers();
  std::erase_if(offers, [&](const Offer& offer) { return offer.provided().id != command.id; });
  if (offers.empty()) refuse_unknown_id(registry, command.id);
  print_offers(registry, of_kind(offers, command.kind, backticked(command.id)), command.json);
}

int list(const ListCommand& command, const CommonOptions& common) {
  CommandEnvironment environment(common);
  if (command.json) {
    print_list_json(environment.registry());
    return static_cast<int>(ExitCode::ok);
  }
  std::vector<std::vector<std::string>> rows = {{"kind", "id", "version", "tier", "summary"}};
  for (const Offer& offer : environment.registry().offers()) {
    const Manifest& manifest = offer.file->checked.manifest;
    rows.push_back({offer.provided().kind, offer.provided().id, manifest.version,
                    std::string(tier_name(manifest.tier)), offer.provided().summary});
  }
  if (rows.size() == 1) {
    print_places(environment.plugin_places());
  } else {
    std::sort(rows.begin() + 1, rows.end());
    print_table(rows, 5);
  }
  print_refusals(environment.registry());
  return static_cast<int>(ExitCode::ok);
}

int inspect(const InspectCommand& command, const CommonOptions& common) {
  const bool is_kind = std::find(kKinds.begin(), kKinds.end(), command.kind) != kKinds.end();
  if (!command.kind.empty() && !is_kind) {
    throw Error("E0105", "--kind " + one_line(command.kind) + ": expected one of " +
                             list_text(kKinds) + suggestion(command.kind, kKinds));
  }
  CommandEnvironment environment(common);
  if (names_a_file(command.id)) {
    inspect_file(command, common, environment.console());
  } else {
    inspect_id(command, environment.registry());
  }
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void declare_plugins(CommandTable& table) {
  table.group("plugins", "Look at plugins");
  {
    auto [command, options] = table.add<ListCommand>(
        "plugins list", "All plugins, and files that were refused", Takes::plugins, list);
    command.add_flag("--json", options.json, "Print JSON");
    add_example(command, {"knack plugins list --plugin-path ./build"});
  }
  auto [command, options] = table.add<InspectCommand>(
      "plugins inspect", "One plugin with its options", Takes::plugins, inspect);
  command.add_option("id", options.id, "Id, such as ema, or a plugin file")
      ->type_name("ID|FILE")
      ->required();
  command.add_flag("--json", options.json, "Print JSON, with the options' schema");
  command.add_option("--kind", options.kind, "trick, model, dataset, objective or optimizer")
      ->type_name("KIND");
  add_example(command, {"knack plugins inspect ema"});
}

}  // namespace knack::host
