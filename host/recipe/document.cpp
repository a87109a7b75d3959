// SPDX-License-Identifier: MIT
#include "host/recipe/document.hpp"

#include <algorithm>

namespace knack::host {
namespace {

SourcePlace place(const Origin& origin, const TextPosition& position) {
  SourcePlace place{.source = origin.source, .line = position.line, .column = position.column};
  if (origin.text) place = origin.text->place(origin.source, position);
  place.is_argument = origin.kind == Origin::Kind::command_line;
  return place;
}

void copy_origins(Document& target, const Document& from, const std::string& pointer) {
  target.forget_origins(pointer);
  const std::string below = pointer + "/";
  target.origins[pointer] = from.origins.at(pointer);
  for (auto it = from.origins.lower_bound(below);
       it != from.origins.end() && it->first.starts_with(below); ++it) {
    target.origins.insert(*it);
  }
}

bool changes_plugin(const Json& object, const Json& change) {
  return object.contains("use") && change.contains("use") && object["use"] != change["use"];
}

void merge_object(Document& target, Json& object, const Document& from, const Json& changes,
                  const std::string& pointer) {
  for (const auto& [key, change] : changes.items()) {
    const std::string child = child_pointer(pointer, key);
    if (change.is_null()) {
      object.erase(key);
      target.forget_origins(child);
    } else if (change.is_object()) {
      Json& member = object[key];
      if (!member.is_object() || changes_plugin(member, change)) {
        member = Json::object();
        target.forget_origins(child);
      }
      target.origins[child] = from.origins.at(child);
      merge_object(target, member, from, change, child);
    } else {
      object[key] = change;
      copy_origins(target, from, child);
    }
  }
}

}  // namespace

std::string Origin::place_of_key() const {
  return key_place().name();
}

std::string Origin::place_of_value() const {
  return value_place().name();
}

SourcePlace Origin::key_place() const {
  return place(*this, key);
}

SourcePlace Origin::value_place() const {
  return place(*this, value);
}

std::filesystem::path Origin::folder() const {
  if (kind == Kind::command_line) return std::filesystem::current_path();
  return std::filesystem::absolute(source).parent_path();
}

const Origin* Document::find_origin(const std::string& pointer) const {
  const auto it = origins.find(pointer);
  return it == origins.end() ? nullptr : &it->second;
}

const Origin& Document::nearest_origin(std::string pointer) const {
  while (!origins.contains(pointer)) pointer.erase(pointer.rfind('/'));
  return origins.at(pointer);
}

void Document::forget_origins(const std::string& pointer) {
  origins.erase(pointer);
  const auto first = origins.lower_bound(pointer + "/");
  const auto last = origins.lower_bound(pointer + "0");  // '0' follows '/' in ASCII
  origins.erase(first, last);
}

std::string child_pointer(const std::string& parent, const std::string& key) {
  std::string pointer = parent + "/";
  for (const char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

std::string child_pointer(const std::string& parent, std::size_t index) {
  return parent + "/" + std::to_string(index);
}

std::string readable_path(const std::string& pointer) {
  if (pointer.empty()) return "the recipe";
  std::string path;
  for (Json::json_pointer rest(pointer); !rest.empty(); rest = rest.parent_pointer()) {
    const std::string& token = rest.back();
    const bool is_index = std::all_of(token.begin(), token.end(),
                                      [](unsigned char c) { return c >= '0' && c <= '9'; });
    path = (is_index ? "[" + token + "]" : "." + token) + path;
  }
  return path.starts_with('.') ? path.substr(1) : path;
}

void merge(Document& target, const Document& change) {
  target.origins[""] = change.origins.at("");
  merge_object(target, target.root, change, change.root, "");
}

}  // namespace knack::host
