// SPDX-License-Identifier: MIT
#include "host/app/commands/plugin_json.hpp"

#include <utility>

namespace knack::host {

nlohmann::ordered_json manifest_json(const Offer& offer) {
  const Provided& provided = offer.provided();
  const Manifest& manifest = offer.file->checked.manifest;
  return {{"kind", provided.kind},
          {"id", provided.id},
          {"summary", provided.summary},
          {"version", manifest.version},
          {"author", manifest.author},
          {"license", manifest.license},
          {"tier", std::string(tier_name(manifest.tier))},
          {"abi", std::to_string(manifest.abi_major) + "." + std::to_string(manifest.abi_minor)},
          {"before", provided.before},
          {"after", provided.after},
          {"file", offer.file->checked.path.string()}};
}

nlohmann::ordered_json plugin_json(const Registry& registry, const Offer& offer) {
  nlohmann::ordered_json json = manifest_json(offer);
  const Provided& provided = offer.provided();
  const char* schema = registry.descriptor(provided.kind, provided.id).schema_json;
  json["options"] = nlohmann::ordered_json::parse(schema == nullptr ? "{}" : schema);
  return json;
}

nlohmann::ordered_json plugins_document(nlohmann::ordered_json plugins) {
  return {{"schema_version", 1}, {"plugins", std::move(plugins)}};
}

}  // namespace knack::host
