// SPDX-License-Identifier: MIT
// Where plugins are looked for, and in which order.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace knack::host {

/// The places a run looks for plugins. Every one may be empty.
struct SearchPlaces {
  std::vector<std::filesystem::path> recipe;        ///< `plugins.path`, made absolute
  std::vector<std::filesystem::path> command_line;  ///< `--plugin-path`
  std::string environment;                          ///< `KNACK_PLUGIN_PATH`, colon separated
  std::filesystem::path user;
  std::filesystem::path install;
};

/// `$XDG_DATA_HOME/knack/plugins`, else `$HOME/.local/share/knack/plugins`, else empty. As the XDG
/// base directory specification says, a variable that is not an absolute path counts as unset.
std::filesystem::path user_plugin_folder();

/// The existing places in the order recipe, command line, environment, user, install; each once. A
/// place is a folder, canonical, or a single .so file, which may be a link in a canonical folder.
///
/// Throws Error(ExitCode::plugin) for a place that the recipe or the command line names and that
/// does not exist. Elsewhere a missing one is passed over.
std::vector<std::filesystem::path> search_folders(const SearchPlaces& places);

/// A plugin file that was found.
struct ListedFile {
  std::filesystem::path place;  ///< where it was found: the file or a link to it
  std::filesystem::path real;   ///< canonical; that of a link that leads nowhere is the link's own
};

/// The `*.so` of each folder sorted by name, and each place that is a file itself; each file once,
/// with the first place. A link that leads nowhere is listed too, so that it is refused by name,
/// not passed over.
///
/// Throws Error(ExitCode::plugin) for a folder that cannot be read.
std::vector<ListedFile> list_plugin_files(const std::vector<std::filesystem::path>& folders);

}  // namespace knack::host
