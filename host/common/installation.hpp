// SPDX-License-Identifier: MIT
// Where the files are that came with this program.
#pragma once

#include <filesystem>

namespace knack::host {

/// `<prefix>` of this program, `<prefix>/bin/knack`, be it installed or in its build folder; empty
/// when the system does not tell.
inline std::filesystem::path installation_prefix() {
  std::error_code failure;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failure);
  return failure ? std::filesystem::path() : program.parent_path().parent_path();
}

/// Recipes, data, templates and the Rust crate: `<prefix>/share/knack`.
inline std::filesystem::path installed_share_folder() {
  return installation_prefix() / "share" / "knack";
}

}  // namespace knack::host
