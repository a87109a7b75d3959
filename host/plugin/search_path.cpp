// SPDX-License-Identifier: MIT
#include "host/plugin/search_path.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <system_error>

#include "host/plugin/refusal.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

void add_once(std::vector<fs::path>& paths, const fs::path& path) {
  if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
}

/// A folder with its links resolved; a file as it is named in its folder.
fs::path real_place(const fs::path& place, std::error_code& failure) {
  const fs::path real = fs::canonical(place, failure);
  if (failure || fs::is_directory(real)) return real;
  return fs::canonical(fs::absolute(place).parent_path(), failure) / place.filename();
}

void add_required(std::vector<fs::path>& folders, const std::vector<fs::path>& places,
                  const char* field) {
  for (const fs::path& place : places) {
    std::error_code failure;
    const fs::path real = real_place(place, failure);
    if (failure) {
      refuse(place, field, "a folder or a .so file", failure.message(), "correct this path");
    }
    add_once(folders, real);
  }
}

void add_if_there(std::vector<fs::path>& folders, const fs::path& place) {
  std::error_code failure;
  if (place.empty()) return;
  const fs::path real = real_place(place, failure);
  if (!failure) add_once(folders, real);
}

fs::path absolute_variable(const char* name) {
  const char* value = std::getenv(name);
  const fs::path path = value == nullptr ? fs::path() : fs::path(value);
  return path.is_absolute() ? path : fs::path();
}

std::vector<fs::path> shared_objects_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failure;
  fs::directory_iterator entry(folder, failure);
  for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    if (entry->path().extension() == ".so") files.push_back(entry->path());
  }
  if (failure) {
    refuse(folder, "folder", "a readable folder", failure.message(), "correct its permissions");
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

fs::path user_plugin_folder() {
  fs::path data = absolute_variable("XDG_DATA_HOME");
  if (data.empty()) {
    const fs::path home = absolute_variable("HOME");
    if (home.empty()) return {};
    data = home / ".local" / "share";
  }
  return data / "knack" / "plugins";
}

std::vector<fs::path> search_folders(const SearchPlaces& places) {
  std::vector<fs::path> folders;
  add_required(folders, places.recipe, "plugins.path");
  add_required(folders, places.command_line, "--plugin-path");
  std::istringstream environment(places.environment);
  for (std::string place; std::getline(environment, place, ':');) add_if_there(folders, place);
  add_if_there(folders, places.user);
  add_if_there(folders, places.install);
  return folders;
}

std::vector<ListedFile> list_plugin_files(const std::vector<fs::path>& folders) {
  std::vector<ListedFile> files;
  for (const fs::path& folder : folders) {
    const bool is_file = !fs::is_directory(folder);
    for (const fs::path& file : is_file ? std::vector{folder} : shared_objects_in(folder)) {
      std::error_code failure;
      const fs::path canonical = fs::canonical(file, failure);
      const fs::path real = failure ? fs::absolute(file) : canonical;
      const bool is_known = std::any_of(files.begin(), files.end(),
                                        [&](const ListedFile& each) { return each.real == real; });
      if (!is_known) files.push_back({file, real});
    }
  }
  return files;
}

}  // namespace knack::host
