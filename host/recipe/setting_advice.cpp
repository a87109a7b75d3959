// SPDX-License-Identifier: MIT
#include "host/recipe/setting_advice.hpp"

#include <algorithm>

#include "host/common/join.hpp"
#include "host/common/nearest_name.hpp"
#include "host/common/shell_word.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/recipe/recipe_schema.hpp"

namespace knack::host {
namespace {

constexpr std::size_t kMostPaths = 3;

std::string text_of(const Json& section, const char* key) {
  const auto found = section.find(key);
  return found == section.end() || !found->is_string() ? "" : found->get<std::string>();
}

/// Each trick with its own name, or the one that its plugin's id gives it, as `--set` names it.
template <class Use>
void for_each_trick(const Json& recipe, const Use& use) {
  const auto tricks = recipe.find("tricks");
  if (tricks == recipe.end() || !tricks->is_array()) return;
  for (const Json& trick : *tricks) {
    if (!trick.is_object()) continue;
    const std::string id = text_of(trick, "use");
    const std::string name = text_of(trick, "name");
    use(trick, name.empty() ? id : name);
  }
}

/// The sections of the host's schema whose keys mean one thing without their section.
std::vector<std::string> host_paths(const std::string& key) {
  const Json& sections = recipe_schema().at("properties");
  for (const char* name : {"trainer", "checkpoint", "model"}) {
    if (sections.at(name).at("properties").contains(key) && key != "use") {
      return {name + ("." + key)};
    }
  }
  if (!data_section_schema().at("properties").contains(key) || key == "use") return {};
  return {"data.train." + key, "data.valid." + key};
}

std::vector<std::string> recipe_paths(const std::string& key, const Json& recipe) {
  std::vector<std::string> paths;
  for (const auto& [name, section] : recipe.items()) {
    if (section.is_object() && section.contains(key)) paths.push_back(name + "." + key);
  }
  for_each_trick(recipe, [&](const Json& trick, const std::string& name) {
    if (trick.contains(key)) paths.push_back("tricks[" + name + "]." + key);
  });
  return paths;
}

/// Where a key without a section stands.
std::vector<std::string> paths_of(const std::string& key, const Json& recipe) {
  if (key == "use") return {};
  std::vector<std::string> paths = host_paths(key);
  if (paths.empty()) paths = recipe_paths(key, recipe);
  if (paths.size() > kMostPaths) paths.resize(kMostPaths);
  return paths;
}

/// What is set by `path` and `rest`, a key behind a dot or a longer way, in a section that is
/// written as `section` and may have what `schema` declares. A key that neither has is taken for
/// the nearest that one has, and else for one of the plugin's, if there is a plugin.
std::vector<std::string> paths_in(const std::string& path, const std::string& rest,
                                  const Json& section, const Json& schema) {
  if (!rest.starts_with('.') || rest.find_first_of(".[", 1) != rest.npos) return {path + rest};
  std::vector<std::string> known;
  const Json declared = schema.value("properties", Json::object());
  for (const Json* keys : {&declared, &section}) {
    if (!keys->is_object()) continue;
    for (const auto& [key, value] : keys->items()) known.push_back(key);
  }
  const auto nearest = nearest_name(rest.substr(1), known);  // itself, if it is there
  if (nearest) return {path + "." + *nearest};
  const bool has_plugin = declared.contains("use");
  return has_plugin ? std::vector{path + rest} : std::vector<std::string>();
}

/// Where `rest` of the section or trick `first` stands.
std::vector<std::string> paths_below(const std::string& first, const std::string& rest,
                                     const Json& recipe) {
  const Json& sections = recipe_schema().at("properties");
  if (sections.contains(first)) {
    return paths_in(first, rest, recipe.value(first, Json()), sections.at(first));
  }
  std::vector<std::string> paths;
  for_each_trick(recipe, [&](const Json& trick, const std::string& name) {
    if (name != first && !name.ends_with("." + first)) return;
    for (const std::string& path : paths_in("tricks[" + name + "]", rest, trick, trick_schema())) {
      paths.push_back(path);
    }
  });
  return paths;
}

}  // namespace

std::vector<std::string> setting_advice(std::string path, const std::string& value,
                                        const Json& recipe) {
  const std::size_t end = path.find_first_of(".[");
  if (end == path.npos) std::replace(path.begin(), path.end(), '-', '_');
  std::vector<std::string> settings =
      end == path.npos ? paths_of(path, recipe)
                       : paths_below(path.substr(0, end), path.substr(end), recipe);
  for (std::string& setting : settings) {
    setting += "=" + (value.empty() ? "VALUE" : value);
    setting = "`--set " + shell_word(one_line(setting, setting.size())) + "`";
  }
  if (settings.empty()) return {};
  return {"did you mean " + join(settings, " or ") + "?"};
}

}  // namespace knack::host
