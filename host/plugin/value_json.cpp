// SPDX-License-Identifier: MIT
// The JSON form of value trees: recipes, metrics, checkpoints.
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "host/plugin/value.hpp"

namespace knack::host {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Value Value::from_json(const Json& json) {
  switch (json.type()) {
    case Json::value_t::boolean:
      return json.get<bool>();
    case Json::value_t::number_unsigned:
      if (json.get<std::uint64_t>() > std::uint64_t{INT64_MAX}) {
        throw std::out_of_range("the number " + json.dump() + " is larger than 64 bits hold");
      }
      return json.get<std::int64_t>();
    case Json::value_t::number_integer:
      return json.get<std::int64_t>();
    case Json::value_t::number_float:
      return json.get<double>();
    case Json::value_t::string:
      return json.get<std::string>();
    case Json::value_t::array: {
      List list;
      for (const Json& item : json) list.push_back(from_json(item));
      return list;
    }
    case Json::value_t::object: {
      Map map;
      for (const auto& [name, item] : json.items()) map.push_back({name, from_json(item)});
      return map;
    }
    default:
      return {};
  }
}

Json Value::to_json() const {
  if (const auto* boolean = get_if<bool>()) return *boolean;
  if (const auto* integer = get_if<std::int64_t>()) return *integer;
  if (const auto* number = get_if<double>()) return *number;
  if (const auto* text = get_if<std::string>()) return *text;
  if (get_if<at::Tensor>() != nullptr) throw std::invalid_argument("a tensor has no JSON form");
  if (const auto* list = get_if<List>()) {
    Json json = Json::array();
    for (const Value& item : *list) json.push_back(item.to_json());
    return json;
  }
  if (const auto* map = get_if<Map>()) {
    Json json = Json::object();
    for (const NamedValue& entry : *map) json[entry.name] = entry.value.to_json();
    return json;
  }
  return nullptr;
}

}  // namespace knack::host
