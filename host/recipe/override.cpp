// SPDX-License-Identifier: MIT
#include "host/recipe/override.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "host/common/error.hpp"
#include "host/recipe/parse.hpp"
#include "host/recipe/recipe_schema.hpp"
#include "host/recipe/schema_text.hpp"
#include "host/recipe/setting_advice.hpp"

namespace knack::host {
namespace {

constexpr std::string_view kOption = "--set ";

/// A part of an override's text, in bytes.
struct Part {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// What is wrong with one override, and which part of it.
struct OverrideError {
  Diagnostic diagnostic;
  Part part;
};

struct Key {
  std::string text;
  bool in_brackets;
  Part part;
};

[[noreturn]] void refuse_path(const std::string& sentence, const Part& part,
                              const std::string& label = {}) {
  throw OverrideError{{.id = "E0320",
                       .sentence = sentence,
                       .label = label,
                       .helps = {"write `--set PATH=VALUE` with a path like `trainer.epochs` or "
                                 "`tricks[ema].decay`"}},
                      part};
}

/// `tricks[NAME].KEY` as {"tricks", "NAME", "KEY"}.
std::vector<Key> split_path(const std::string& path) {
  const auto control =
      std::find_if(path.begin(), path.end(), [](unsigned char c) { return std::iscntrl(c) != 0; });
  if (control != path.end()) {
    const auto at = static_cast<std::size_t>(control - path.begin());
    refuse_path("a key must not contain control characters", {at, at + 1});
  }
  std::vector<Key> keys;
  std::size_t at = 0;
  while (at <= path.size()) {
    const bool in_brackets = at < path.size() && path[at] == '[';
    const std::size_t start = in_brackets ? at + 1 : at;
    const std::size_t end = in_brackets ? path.find(']', start)
                                        : std::min(path.find_first_of(".[", start), path.size());
    if (end == path.npos) refuse_path("`[` without `]`", {at, path.size()});
    if (end == start)
      refuse_path("a key of the path is empty", {start, start + 1}, "expected a key");
    keys.push_back({path.substr(start, end - start), in_brackets, {start, end}});
    at = in_brackets ? end + 1 : end;
    if (at == path.size()) break;
    if (path[at] == '.') {
      ++at;
    } else if (path[at] != '[') {
      refuse_path("expected `.` or `[` after `]`", {at, at + 1});
    }
  }
  if (keys.size() > kDeepestNesting) refuse_path("the path is too deep", {0, path.size()});
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

[[noreturn]] void refuse_element(const Key& key, const std::string& path,
                                 std::vector<std::string> known) {
  std::erase(known, "");  // an element without a name
  const std::string what = path == "tricks" ? "trick" : "element of " + backticked(path);
  throw OverrideError{{.id = "E0321",
                       .sentence = "no " + what + " named " + backticked(key.text),
                       .label = "there are " + (known.empty() ? "none" : backticked_list(known)),
                       .helps = suggestions(key.text, known)},
                      key.part};
}

std::size_t find_element(const Json& list, const Key& key, const std::string& path) {
  if (const auto index = parse_index(key.text)) {
    if (*index < list.size()) return *index;
    throw OverrideError{
        {.id = "E0321",
         .sentence = backticked(path) + " has no element " + backticked(key.text),
         .label = "there are " + std::to_string(list.size()) + " elements, counted from 0"},
        key.part};
  }
  std::vector<std::string> names;
  for (const Json& element : list) {
    const std::string name = member_or_empty(element, "name");
    names.push_back(name.empty() ? member_or_empty(element, "use") : name);
  }
  const auto matches = std::count(names.begin(), names.end(), key.text);
  if (matches == 0) refuse_element(key, path, names);
  if (matches > 1) {
    throw OverrideError{{.id = "E0321",
                         .sentence = backticked(path) + " has " + std::to_string(matches) +
                                     " elements named " + backticked(key.text),
                         .label = "expected a name that is unique, or an index",
                         .helps = {"give the index, as in `" + path + "[0]`"}},
                        key.part};
  }
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), key.text) - names.begin());
}

bool is_too_large_integer(const std::string& text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  return result.ec == std::errc::result_out_of_range && result.ptr == end;
}

[[noreturn]] void refuse_value(ErrorId id, const std::string& sentence, const std::string& label,
                               const Part& part) {
  throw OverrideError{{.id = id, .sentence = sentence, .label = label}, part};
}

/// The value to set, with origins as in a file that holds nothing else.
Document parse_value(const std::string& text, const Part& part) {
  try {
    Diagnostics diagnostics;
    Document value = parse_json(text, "", diagnostics);
    diagnostics.throw_if_any();
    return value;
  } catch (const Error&) {
    if (text.size() > kLongestString) {
      refuse_value("E0209", "the value is too long",
                   "expected at most " + std::to_string(kLongestString) + " bytes, found " +
                       std::to_string(text.size()),
                   part);
    }
    if (is_too_large_integer(text)) {
      refuse_value("E0206", "this integer does not fit into 64 bits with sign",
                   "expected at most 9223372036854775807 in size", part);
    }
    return Document{text, {{"", {}}}};
  }
}

/// The text of one `--set`, for messages and origins.
class Argument {
 public:
  explicit Argument(const std::string& text)
      : text_(text), lines_(std::make_shared<SourceText>(std::string(kOption) + text)) {}

  const std::string& text() const {
    return text_;
  }

  /// What stands in `part` has been written there.
  Origin origin_of(const Part& part) const {
    const TextPosition position{
        1, column_of(part.begin),
        std::max<std::size_t>(1, column_of(part.end) - column_of(part.begin))};
    return {Origin::Kind::command_line, std::string(kOption) + one_line(text_), position, position,
            lines_};
  }

  /// The position in the whole of one in the value, which begins at the byte `begin`.
  TextPosition shifted(TextPosition position, std::size_t begin) const {
    if (position.line == 1) position.column += column_of(begin) - 1;
    return position;
  }

 private:
  std::size_t column_of(std::size_t byte) const {
    return 1 + kOption.size() + count_code_points(std::string_view(text_).substr(0, byte));
  }

  std::string text_;
  std::shared_ptr<const SourceText> lines_;
};

class Override {
 public:
  Override(Document& document, const Argument& argument)
      : document_(document), argument_(argument) {
    const std::string& text = argument.text();
    if (!is_utf8(text)) refuse_path("this is not UTF-8", {0, text.size()});
    const std::size_t equals = text.find('=');
    if (equals == text.npos) {
      refuse_path("no value is given", {0, text.size()}, "expected PATH=VALUE, found no `=`");
    }
    keys_ = split_path(text.substr(0, equals));
    if (keys_.front().text == "extends") {
      throw OverrideError{{.id = "E0321",
                           .sentence = "`extends` works only in recipe files",
                           .helps = {"set single values, or write a recipe that extends both"}},
                          keys_.front().part};
    }
    refuse_misplaced(text.substr(0, equals), text.substr(equals + 1));
    const Part part{equals + 1, text.size()};
    value_ = parse_value(text.substr(part.begin), part);
    for (auto& [pointer, origin] : value_.origins) {
      const Origin inner = origin;
      origin = argument.origin_of(part);
      if (pointer.empty()) {
        origin.key = argument.origin_of(keys_.back().part).key;
      } else {
        origin.key = argument.shifted(inner.key, part.begin);
        origin.value = argument.shifted(inner.value, part.begin);
      }
    }
  }

  void apply() {
    Json* container = &document_.root;
    std::string pointer;
    for (std::size_t i = 0; i + 1 < keys_.size(); ++i) {
      container = &step(*container, pointer, keys_[i], keys_[i + 1]);
    }
    assign(*container, pointer, keys_.back());
  }

 private:
  Json& step(Json& container, std::string& pointer, const Key& key, const Key& next) {
    const std::string path = readable_path(pointer);
    if (container.is_array()) {
      const std::size_t index = find_element(container, key, path);
      pointer = child_pointer(pointer, index);
      return container[index];
    }
    require_object(container, path, key);
    pointer = child_pointer(pointer, key.text);
    if (!container.contains(key.text)) {
      if (next.in_brackets) refuse_element(next, readable_path(pointer), {});
      container[key.text] = Json::object();
      document_.origins[pointer] = argument_.origin_of(key.part);
    }
    return container[key.text];
  }

  /// A key that stands in another place of the recipe.
  void refuse_misplaced(const std::string& path, const std::string& value) const {
    const Key& first = keys_.front();
    if (recipe_schema().at("properties").contains(first.text)) return;
    const std::vector<std::string> advice = setting_advice(path, value, document_.root);
    if (advice.empty()) return;
    throw OverrideError{{.id = "E0310",
                         .sentence = "unknown key " + backticked(first.text) + " in the recipe",
                         .label = "no such key",
                         .helps = advice},
                        first.part};
  }

  void require_object(const Json& container, const std::string& path, const Key& key) const {
    if (container.is_object()) return;
    throw OverrideError{
        {.id = "E0321",
         .sentence = backticked(path) + " has no parts that can be set",
         .label = "expected an object or a list there, found " + describe_value(container)},
        key.part};
  }

  void assign(Json& container, const std::string& pointer, const Key& key) {
    if (container.is_array()) {
      const std::size_t index = find_element(container, key, readable_path(pointer));
      if (value_.root.is_null()) {
        remove_element(container, pointer, index);
      } else {
        put(container[index], child_pointer(pointer, index));
      }
      return;
    }
    require_object(container, readable_path(pointer), key);
    const std::string child = child_pointer(pointer, key.text);
    if (value_.root.is_null()) {
      container.erase(key.text);
      document_.forget_origins(child);
      return;
    }
    const bool is_use = key.text == "use" && container.contains("use");
    if (is_use && container["use"] != value_.root) {
      container = Json::object();
      document_.forget_origins(pointer);
      document_.origins[pointer] = argument_.origin_of(key.part);
    }
    put(container[key.text], child);
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
  const Argument& argument_;
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
    const Argument argument(text);
    try {
      Override(document, argument).apply();
    } catch (const OverrideError& error) {
      Diagnostic diagnostic = error.diagnostic;
      diagnostic.place = argument.origin_of(error.part).key_place();
      diagnostics.add(std::move(diagnostic));
    }
  }
}

}  // namespace knack::host
