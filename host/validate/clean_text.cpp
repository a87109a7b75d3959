// SPDX-License-Identifier: MIT
#include "host/validate/clean_text.hpp"

#include <nlohmann/json.hpp>

namespace knack::host {

std::string clean_text(const std::string& text) {
  using Json = nlohmann::json;
  const std::string quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string clean = Json::parse(quoted).get<std::string>();
  for (char& c : clean) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7f) c = '?';
  }
  clean.erase(clean.find_last_not_of('\n') + 1);
  return clean;
}

}  // namespace knack::host
