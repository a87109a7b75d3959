// SPDX-License-Identifier: MIT
// Loads a plugin file that passed the checks before loading, and checks what it exports.
#pragma once

#include <knack/abi/entry.h>

#include <filesystem>
#include <string>
#include <vector>

#include "host/common/error.hpp"
#include "host/plugin/manifest.hpp"
#include "host/plugin/plugin_file.hpp"

namespace knack::host {

/// A plugin file after the checks that need no loading.
struct CheckedFile {
  std::filesystem::path path;  ///< canonical
  Manifest manifest;
  std::string manifest_bytes;  ///< the section's content
  FileStamp stamp;             ///< of the file that was checked
};

/// What a recipe says that a plugin file must be.
struct Pin {
  std::string key;     ///< the key that says it, an id or kind/id
  std::string sha256;  ///< 64 hex digits
};

/// A file that is not the one it is pinned to.
class PinError : public Error {
 public:
  PinError(std::string key, const Diagnostic& problem);

  /// Of the pin.
  const std::string& key() const noexcept {
    return key_;
  }

 private:
  std::string key_;
};

/// Loads `file` on the first call for it, checks its entry against its manifest and calls its
/// `init`; later calls give the same entry. The library is never unloaded: everything in it is good
/// until the process ends.
///
/// What is loaded is the very file that was checked: it is opened once more, compared with what was
/// checked and with `pins`, and loaded by its open descriptor, never by its path.
///
/// Throws Error(plugin) naming the file, the field, what was expected and what was found; PinError
/// before any of its code runs when its content is not what a pin says.
const knack_entry_t& load_entry(const CheckedFile& file, const std::vector<Pin>& pins = {});

/// Throws the same PinError, and loads nothing.
void check_pins(const CheckedFile& file, const std::vector<Pin>& pins);

/// Opens `file` once more. Throws Error(plugin) when it is not the very file that was checked.
OpenPlugin open_checked(const CheckedFile& file);

/// The sha256 of the file that load_entry() has loaded for `file`, or else of the one that it would
/// load. Throws Error(plugin).
std::string sha256_of(const CheckedFile& file);

}  // namespace knack::host
