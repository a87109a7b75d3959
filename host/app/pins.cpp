// SPDX-License-Identifier: MIT
#include "host/app/pins.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "host/checkpoint/manifest.hpp"
#include "host/report/run_folder.hpp"
#include "host/run/checkpoints.hpp"
#include "host/run/fit_state_files.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "sha256:";

std::string full_id(std::string_view kind, std::string_view id) {
  return std::string(kind) + "/" + std::string(id);
}

bool covers(const std::string& key, const std::string& kind, const std::string& id) {
  return key == id || key == full_id(kind, id);
}

/// A plugin file that the recipe uses, with what it is used for.
struct UsedFile {
  std::string kind;
  std::string id;
  const CheckedFile* file;
  std::string pin;
};

std::vector<UsedFile> used_files(Recipe& recipe, const Registry& registry) {
  std::vector<UsedFile> used;
  for (const auto& [kind, section] : plugin_sections(recipe)) {
    const bool is_known = std::any_of(used.begin(), used.end(), [&](const UsedFile& each) {
      return each.kind == kind && each.id == section->use;
    });
    if (is_known) continue;
    const CheckedFile& file = registry.find(kind, section->use).file->checked;
    used.push_back({kind, section->use, &file, pin_text(sha256_of(file))});
  }
  return used;
}

}  // namespace

std::string pin_text(const std::string& sha256) {
  return std::string(kPrefix) + sha256;
}

std::multimap<std::string, Pin> pins_of(Recipe& recipe) {
  std::multimap<std::string, Pin> pins;
  for (const auto& [kind, section] : plugin_sections(recipe)) {
    const std::string used = full_id(kind, section->use);
    if (pins.contains(used)) continue;
    for (const auto& [key, text] : recipe.pins) {
      if (covers(key, kind, section->use)) {
        pins.emplace(used, Pin{key, text.substr(kPrefix.size())});
      }
    }
  }
  return pins;
}

void check_pin_keys(Recipe& recipe, const Registry& registry, const Document& document,
                    Diagnostics& diagnostics) {
  std::vector<std::string> used;
  const std::vector<Offer> offers = registry.offers();
  const std::vector<PluginSection> sections = plugin_sections(recipe);
  for (const auto& [kind, section] : sections) {
    used.insert(used.end(), {section->use, full_id(kind, section->use)});
  }
  for (const auto& [key, pin] : recipe.pins) {
    const bool is_used = std::find(used.begin(), used.end(), key) != used.end();
    const bool is_installed = std::any_of(offers.begin(), offers.end(), [&](const Offer& offer) {
      return covers(key, offer.provided().kind, offer.provided().id);
    });
    if (is_used || is_installed) continue;
    const std::string pointer = child_pointer("/plugins/pin", key);
    diagnostics.add({.id = "E0330",
                     .sentence = "the pin " + backticked(key) + " would protect nothing",
                     .place = document.nearest_origin(pointer).key_place(),
                     .label = "expected the id of a plugin that the recipe uses",
                     .helps = suggestions(key, used)});
  }
}

std::optional<fs::path> run_that_wrote(const fs::path& recipe) {
  std::error_code failure;
  const fs::path real = fs::canonical(recipe, failure);
  if (failure || real.filename() != kCheckpointRecipe) return std::nullopt;
  const fs::path folder = real.parent_path();
  if (RunFolder::is_run(folder)) return folder;
  if (!fs::exists(folder / kManifestName, failure) || !fs::exists(folder / kStateFile, failure)) {
    return std::nullopt;
  }
  const fs::path run = folder.parent_path().parent_path();
  return RunFolder::is_run(run) ? run : folder;
}

std::string advice_for_run(const fs::path& recipe) {
  const auto run = run_that_wrote(recipe);
  if (!run) return {};
  const std::string name = run->string();
  return ", where RECIPE is the original recipe of the run or a copy of " + name +
         "/recipe.json, which stays as it is; then: knack train RECIPE --resume " + name +
         " --allow-change plugins.used";
}

std::vector<PinState> pin_states(Recipe& recipe, const Registry& registry) {
  const std::vector<UsedFile> used = used_files(recipe, registry);
  std::vector<PinState> states;
  const auto add = [&](const std::string& key, const UsedFile& plugin) {
    const auto known = std::find_if(states.begin(), states.end(),
                                    [&](const PinState& state) { return state.key == key; });
    if (known == states.end()) {
      const auto pinned = recipe.pins.find(key);
      states.push_back(
          {key, pinned == recipe.pins.end() ? "" : pinned->second, plugin.pin, plugin.file->path});
    } else if (known->expected != plugin.pin) {
      throw Error("E0331",
                  "plugins.pin: " + backticked(key) +
                      ": expected one file that provides it, found " +
                      backticked_path(known->file) + " and " + backticked_path(plugin.file->path) +
                      "; remove this pin, and two with the kind in front are written for it");
    }
  };
  for (const UsedFile& plugin : used) {
    const std::string with_kind = full_id(plugin.kind, plugin.id);
    const bool has_id = recipe.pins.contains(plugin.id);
    const bool has_kind = recipe.pins.contains(with_kind);
    const bool is_one_file = std::all_of(used.begin(), used.end(), [&](const UsedFile& other) {
      return other.id != plugin.id || other.pin == plugin.pin;
    });
    if (has_id || (!has_kind && is_one_file)) add(plugin.id, plugin);
    if (has_kind || (!has_id && !is_one_file)) add(with_kind, plugin);
  }
  return states;
}

}  // namespace knack::host
