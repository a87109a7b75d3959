// SPDX-License-Identifier: MIT
#include "host/doctor/plugin_places.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "host/common/error.hpp"
#include "host/common/shell_word.hpp"
#include "host/plugin/host_facts.hpp"
#include "host/plugin/registry.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

struct Place {
  fs::path path;
  std::string named_by;
  bool is_asked_for;  ///< by the user, who expects it to be there
};

std::vector<Place> list_of(const SearchPlaces& places) {
  std::vector<Place> all;
  for (const fs::path& path : places.command_line) all.push_back({path, "--plugin-path", true});
  std::istringstream variable(places.environment);
  for (std::string path; std::getline(variable, path, ':');) {
    if (!path.empty()) all.push_back({path, "KNACK_PLUGIN_PATH", true});
  }
  if (!places.user.empty()) all.push_back({places.user, "the user's", false});
  if (!places.install.empty()) all.push_back({places.install, "the installation's", false});
  return all;
}

bool is_writable_by_all(const fs::path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IWOTH) != 0;
}

std::string count_of(std::size_t plugins) {
  return std::to_string(plugins) + (plugins == 1 ? " plugin" : " plugins");
}

void examine_files(const Place& place, Findings& findings) {
  Findings refused;
  const Registry registry({fs::canonical(place.path)}, this_host());
  for (const PluginFile& file : registry.files()) {
    if (file.is_usable()) continue;
    refused.push_back({Health::problem, "plugin file", file.refusal,
                       "mend it, or take it away; `knack plugins validate` says more"});
  }
  Finding finding{
      Health::ok, "plugin folder",
      place.path.string() + " (" + place.named_by + "): " + count_of(registry.offers().size()), ""};
  if (is_writable_by_all(place.path)) {
    finding.health = Health::problem;
    finding.found += "; everybody can write to it, so none of them is used";
    finding.advice = "chmod o-w " + shell_word(place.path.string());
  }
  findings.push_back(std::move(finding));
  findings.insert(findings.end(), refused.begin(), refused.end());
}

void examine_place(const Place& place, Findings& findings) {
  const std::string name = place.path.string() + " (" + place.named_by + ")";
  std::error_code failure;
  if (!fs::exists(place.path, failure)) {
    findings.push_back({place.is_asked_for ? Health::problem : Health::ok, "plugin folder",
                        name + ": not there",
                        place.is_asked_for ? "correct " + place.named_by : ""});
    return;
  }
  try {
    examine_files(place, findings);
  } catch (const Error& error) {
    findings.push_back({Health::problem, "plugin folder", name + ": " + error.what(),
                        "correct its permissions, or name another"});
  }
}

}  // namespace

Findings examine_plugin_places(const SearchPlaces& places) {
  Findings findings;
  for (const Place& place : list_of(places)) examine_place(place, findings);
  return findings;
}

}  // namespace knack::host
