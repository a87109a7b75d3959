// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace knack::host {

/// Options that most commands share.
struct CommonOptions {
  std::vector<std::string> overrides;                ///< texts of `--set`
  std::vector<std::filesystem::path> plugin_places;  ///< `--plugin-path`
  bool trusts_writable_plugins = false;              ///< `--trust-writable-plugins`
  bool quiet = false;
};

}  // namespace knack::host
