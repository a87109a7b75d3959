// SPDX-License-Identifier: MIT
// Registries over the plugins of tests/fixtures/plugins, which a test names by folder.
#pragma once

#include <filesystem>
#include <string>

#include "host/plugin/host_facts.hpp"
#include "host/plugin/registry.hpp"

namespace knack::testing {

inline std::filesystem::path fixture_folder(const std::string& name) {
  return std::filesystem::canonical(std::filesystem::path(KNACK_PLUGIN_FIXTURES) / name);
}

/// The path of the plugin `name` in the folder of that name, as messages have it.
inline std::string fixture_file(const std::string& name) {
  return (fixture_folder(name) / (name + ".so")).string();
}

/// A registry that knows one folder.
inline host::Registry fixture_registry(const std::string& name) {
  return host::Registry({fixture_folder(name)}, host::this_host());
}

}  // namespace knack::testing
