// SPDX-License-Identifier: MIT
// Loads a plugin file that passed the checks before loading, and checks what it exports.
#pragma once

#include <knack/abi/entry.h>

#include <filesystem>
#include <string>

#include "host/plugin/manifest.hpp"

namespace knack::host {

/// A plugin file after the checks that need no loading.
struct CheckedFile {
  std::filesystem::path path;  ///< canonical
  Manifest manifest;
  std::string manifest_bytes;  ///< the section's content
};

/// Loads `file` on the first call for its path, checks its entry against its manifest and calls its
/// `init`; later calls give the same entry. The library is never unloaded: everything in it is good
/// until the process ends.
///
/// Throws Error(plugin) naming the file, the field, what was expected and what was found.
const knack_entry_t& load_entry(const CheckedFile& file);

}  // namespace knack::host
