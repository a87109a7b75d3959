// SPDX-License-Identifier: MIT
#include "host/recipe/override.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include "host/common/error.hpp"
#include "host/recipe/parse.hpp"

namespace knack::host {
namespace {

/// What is wrong with one override.
struct OverrideError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Key {
  std::string text;
  bool in_brackets;
};

/// `tricks[ema].decay` as {"tricks", "ema", "decay"}.
std::vector<Key> split_path(const std::string& path) {
  if (std::any_of(path.begin(), path.end(), [](unsigned char c) { return std::iscntrl(c); })) {
    throw OverrideError("a key must not contain control characters");
  }
  std::vector<Key> keys;
  std::size_t at = 0;
  while (at <= path.size()) {
    const bool in_brackets = at < path.size() && path[at] == '[';
    const std::size_t start = in_brackets ? at + 1 : at;
    const std::size_t end = in_brackets ? path.find(']', start)
                                        : std::min(path.find_first_of(".[", start), path.size());
    if (end == path.npos) throw OverrideError("`[` without `]`");
    if (end == start)
      throw OverrideError("a key is empty; expected PATH=VALUE with PATH like `trainer.epochs`");
    keys.push_back({path.substr(start, end - start), in_brackets});
    at = in_brackets ? end + 1 : end;
    if (at == path.size()) break;
    if (path[at] == '.') {
      ++at;
    } else if (path[at] != '[') {
      throw OverrideError("expected `.` or `[` after `]`");
    }
  }
  if (keys.size() > kDeepestNesting) throw OverrideError("the path is too deep");
  return keys;
}

std::optional<std::size_t> parse_index(const std::string& text) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return index;
}

std::string member_or_empty(const Json& element, const char* key) {
  if (!element.is_object() || !element.contains(key) || !element[key].is_string()) return "";
  return element[key].get<std::string>();
}

[[noreturn]] void refuse_element(const std::string& key, const std::string& path,
                                 const std::vector<std::string>& names) {
  const std::string what = path == "tricks" ? "trick" : "element of " + path;
  throw OverrideError("no " + what + " named " + backticked(key) + "; there are " +
                      (names.empty() ? "none" : backticked_list(names)) + suggestion(key, names));
}

std::size_t find_element(const Json& list, const std::string& key, const std::string& path) {
  if (const auto index = parse_index(key)) {
    if (*index < list.size()) return *index;
    throw OverrideError(path + " has " + std::to_string(list.size()) +
                        " elements, counted from 0; there is no " + backticked(key));
  }
  std::vector<std::string> names;
  for (const Json& element : list) {
    const std::string name = member_or_empty(element, "name");
    names.push_back(name.empty() ? member_or_empty(element, "use") : name);
  }
  const auto matches = std::count(names.begin(), names.end(), key);
  if (matches == 0) refuse_element(key, path, names);
  if (matches > 1) {
    throw OverrideError(path + " has " + std::to_string(matches) + " elements named " +
                        backticked(key) + "; give the index, as in `" + path + "[0]`");
  }
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), key) - names.begin());
}

bool is_too_large_integer(const std::string& text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  return result.ec == std::errc::result_out_of_range && result.ptr == end;
}

/// The value to set and the origins inside it, all of which are the override.
Document parse_value(const std::string& text, const Origin& origin) {
  Document value;
  try {
    Diagnostics diagnostics;
    value = parse_json(text, "", diagnostics);
    diagnostics.throw_if_any();
  } catch (const Error&) {
    if (text.size() > kLongestString) throw OverrideError("the value is too long");
    if (is_too_large_integer(text)) {
      throw OverrideError("this integer does not fit into 64 bits with sign");
    }
    value = Document{text, {{"", {}}}};
  }
  for (auto& [pointer, value_origin] : value.origins) value_origin = origin;
  return value;
}

class Override {
 public:
  Override(Document& document, const std::string& text)
      : document_(document),
        origin_{Origin::Kind::command_line, "--set " + one_line(text), {}, {}} {
    if (!is_utf8(text)) throw OverrideError("this is not UTF-8");
    const std::size_t equals = text.find('=');
    if (equals == text.npos) throw OverrideError("expected PATH=VALUE, found no `=`");
    keys_ = split_path(text.substr(0, equals));
    if (keys_.front().text == "extends") {
      throw OverrideError("`extends` works only in recipe files");
    }
    value_ = parse_value(text.substr(equals + 1), origin_);
  }

  void apply() {
    Json* container = &document_.root;
    std::string pointer;
    for (std::size_t i = 0; i + 1 < keys_.size(); ++i) {
      container = &step(*container, pointer, keys_[i].text, keys_[i + 1]);
    }
    assign(*container, pointer, keys_.back().text);
  }

 private:
  Json& step(Json& container, std::string& pointer, const std::string& key, const Key& next) {
    const std::string path = readable_path(pointer);
    if (container.is_array()) {
      const std::size_t index = find_element(container, key, path);
      pointer = child_pointer(pointer, index);
      return container[index];
    }
    require_object(container, path);
    pointer = child_pointer(pointer, key);
    if (!container.contains(key)) {
      if (next.in_brackets) refuse_element(next.text, readable_path(pointer), {});
      container[key] = Json::object();
      document_.origins[pointer] = origin_;
    }
    return container[key];
  }

  void require_object(const Json& container, const std::string& path) const {
    if (container.is_object()) return;
    throw OverrideError(path + " is " + backticked(container.dump()) +
                        "; only objects and lists have parts that can be set");
  }

  void assign(Json& container, const std::string& pointer, const std::string& key) {
    if (container.is_array()) {
      const std::size_t index = find_element(container, key, readable_path(pointer));
      if (value_.root.is_null()) {
        remove_element(container, pointer, index);
      } else {
        put(container[index], child_pointer(pointer, index));
      }
      return;
    }
    require_object(container, readable_path(pointer));
    if (value_.root.is_null()) {
      container.erase(key);
      document_.forget_origins(child_pointer(pointer, key));
      return;
    }
    if (key == "use" && container.contains(key) && container[key] != value_.root) {
      container = Json::object();
      document_.forget_origins(pointer);
      document_.origins[pointer] = origin_;
    }
    put(container[key], child_pointer(pointer, key));
  }

  void put(Json& place, const std::string& pointer) {
    place = value_.root;
    document_.forget_origins(pointer);
    for (const auto& [below, origin] : value_.origins) document_.origins[pointer + below] = origin;
  }

  void remove_element(Json& list, const std::string& pointer, std::size_t index) {
    Document shifted;
    for (std::size_t i = index + 1; i < list.size(); ++i) {
      const std::string from = child_pointer(pointer, i);
      for (const auto& [at, origin] : document_.origins) {
        if (at != from && !at.starts_with(from + "/")) continue;
        shifted.origins[child_pointer(pointer, i - 1) + at.substr(from.size())] = origin;
      }
    }
    for (std::size_t i = index; i < list.size(); ++i) {
      document_.forget_origins(child_pointer(pointer, i));
    }
    document_.origins.merge(shifted.origins);
    list.erase(index);
  }

  Document& document_;
  Origin origin_;
  std::vector<Key> keys_;
  Document value_;
};

bool sets_plugin(const std::string& text) {
  const std::string path = text.substr(0, text.find('='));
  return path == "use" || path.ends_with(".use");
}

}  // namespace

void apply_overrides(Document& document, std::vector<std::string> overrides,
                     Diagnostics& diagnostics) {
  // A new plugin first, so that the options set beside it are not removed with the old ones.
  std::stable_partition(overrides.begin(), overrides.end(), sets_plugin);
  for (const std::string& text : overrides) {
    try {
      Override(document, text).apply();
    } catch (const OverrideError& error) {
      diagnostics.add("--set " + one_line(text), error.what());
    }
  }
}

}  // namespace knack::host
