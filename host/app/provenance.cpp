// SPDX-License-Identifier: MIT
#include "host/app/provenance.hpp"

namespace knack::host {

std::map<std::string, UsedPlugin> plugins_of(Recipe& recipe, const Registry& registry) {
  std::map<std::string, UsedPlugin> used;
  for (const auto& [kind, section] : plugin_sections(recipe)) {
    const CheckedFile& file = registry.find(kind, section->use).file->checked;
    used[std::string(kind) + "/" + section->use] = {file.manifest.version, sha256_of(file)};
  }
  return used;
}

}  // namespace knack::host
