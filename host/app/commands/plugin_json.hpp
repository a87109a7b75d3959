// SPDX-License-Identifier: MIT
// What `knack plugins list --json` and `knack plugins inspect --json` print.
#pragma once

#include <nlohmann/json.hpp>

#include "host/plugin/registry.hpp"

namespace knack::host {

/// What the manifest says of an offer: kind, id, version, file, tier, ...; nothing is loaded.
nlohmann::ordered_json manifest_json(const Offer& offer);

/// The same with "options", the JSON Schema of the plugin, which is loaded for it.
nlohmann::ordered_json plugin_json(const Registry& registry, const Offer& offer);

/// {"schema_version": 1, "plugins": `plugins`}
nlohmann::ordered_json plugins_document(nlohmann::ordered_json plugins);

}  // namespace knack::host
