// SPDX-License-Identifier: MIT
// JSON documents as knack prints them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace knack::host {

/// JSON for people to read, without an end of line. A path may be any bytes: text that is no UTF-8
/// is mended, not refused.
inline std::string json_text(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace knack::host
