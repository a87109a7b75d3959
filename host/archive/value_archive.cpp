// SPDX-License-Identifier: MIT
#include "host/archive/value_archive.hpp"

#include <ATen/ATen.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "host/common/error.hpp"

namespace knack::host {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kTensor = "$tensor";
constexpr const char* kFloat = "$float";
constexpr const char* kBytes = "$bytes";
constexpr const char* kDevice = "device";

Json write_float(double number) {
  if (std::isfinite(number)) return number;  // JSON text of it reads back to the same bits
  return {{kFloat, std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf"}};
}

double read_float(const std::string& text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf" || text == "-inf") return text == "inf" ? kInfinity : -kInfinity;
  throw Error("E0510", "expected nan, inf or -inf, found `" + text + "`");
}

bool is_utf8(const std::string& text) {
  try {
    Json(text).dump();
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

Json write_text(const std::string& text) {
  if (is_utf8(text)) return text;
  constexpr const char* kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    hex += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return {{kBytes, hex}};
}

std::string read_bytes(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned char byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

at::Tensor read_tensor_of(const Json& json, const SafetensorsReader& tensors, at::Device device) {
  const auto name = json.at(kTensor).get<std::string>();
  const StoredTensor* stored = tensors.find(name);
  if (stored == nullptr) {
    throw Error("E0510", "expected a tensor `" + name + "` in the checkpoint, found none");
  }
  at::Tensor tensor = read_tensor(tensors, *stored);
  return json.contains(kDevice) ? tensor.to(device) : tensor;
}

Value read_map(const Json& json, const SafetensorsReader& tensors, at::Device device) {
  Value::Map map;
  for (const auto& [key, entry] : json.items()) {
    map.push_back({key.starts_with('$') ? key.substr(1) : key, read_value(entry, tensors, device)});
  }
  return map;
}

}  // namespace

Json ValueArchiveWriter::add(const Value& value, const std::string& path) {
  if (const auto* flag = value.get_if<bool>()) return *flag;
  if (const auto* number = value.get_if<std::int64_t>()) return *number;
  if (const auto* number = value.get_if<double>()) return write_float(*number);
  if (const auto* text = value.get_if<std::string>()) return write_text(*text);
  if (const auto* tensor = value.get_if<at::Tensor>()) return add_tensor(*tensor, path);
  if (const auto* list = value.get_if<Value::List>()) {
    Json json = Json::array();
    for (std::size_t i = 0; i < list->size(); ++i) {
      json.push_back(add((*list)[i], path + "/" + std::to_string(i)));
    }
    return json;
  }
  if (const auto* map = value.get_if<Value::Map>()) {
    Json json = Json::object();
    for (const NamedValue& entry : *map) {
      const std::string key = (entry.name.starts_with('$') ? "$" : "") + entry.name;
      json[key] = add(entry.value, path + "/" + entry.name);
    }
    return json;
  }
  return nullptr;
}

Json ValueArchiveWriter::add_tensor(const at::Tensor& tensor, const std::string& path) {
  std::string name = path;
  for (int number = 2; !names_.insert(name).second; ++number) {
    name = path + "#" + std::to_string(number);
  }
  tensors_.push_back({name, tensor});
  Json json = {{kTensor, name}};
  if (!tensor.is_cpu()) json[kDevice] = tensor.device().str();
  return json;
}

Value read_value(const Json& json, const SafetensorsReader& tensors, at::Device device) try {
  if (json.is_null()) return {};
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number_float()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_object()) {
    if (json.contains(kTensor)) return read_tensor_of(json, tensors, device);
    if (json.contains(kFloat)) return read_float(json.at(kFloat).get<std::string>());
    if (json.contains(kBytes)) return read_bytes(json.at(kBytes).get<std::string>());
    return read_map(json, tensors, device);
  }
  Value::List list;
  for (const Json& entry : json) list.push_back(read_value(entry, tensors, device));
  return list;
} catch (const nlohmann::json::exception& error) {
  throw Error("E0510", std::string("state of a checkpoint: ") + error.what());
}

}  // namespace knack::host
