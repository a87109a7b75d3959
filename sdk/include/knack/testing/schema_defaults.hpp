// SPDX-License-Identifier: MIT
// Completes options as a host does, from the JSON Schema of a plugin. Part of fake_host.hpp.
#pragma once

#include <knack/sdk/value.hpp>

#include <charconv>
#include <stdexcept>

namespace knack::testing {

/// Just enough of JSON for the schemas of plugins, without escapes of code points.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  /// Throws std::runtime_error for text that is no JSON.
  static Value parse(std::string_view text) {
    JsonReader reader(text);
    Value value = reader.value();
    if (reader.peek() != '\0') reader.refuse();
    return value;
  }

  /// The members of an object, as text: name and JSON of its value.
  static std::vector<std::pair<std::string, std::string_view>> members(std::string_view object) {
    std::vector<std::pair<std::string, std::string_view>> found;
    JsonReader reader(object);
    reader.expect('{');
    while (!reader.accept('}')) {
      if (!found.empty()) reader.expect(',');
      std::string name = reader.string();
      reader.expect(':');
      (void)reader.peek();
      const std::size_t begin = reader.at_;
      (void)reader.value();
      found.emplace_back(std::move(name), object.substr(begin, reader.at_ - begin));
    }
    return found;
  }

 private:
  [[noreturn]] void refuse() const {
    throw std::runtime_error("the schema is no JSON at byte " + std::to_string(at_));
  }
  /// The next character that is no space; '\0' at the end.
  char peek() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) refuse();
  }
  bool accept_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  Value value() {
    switch (peek()) {
      case '{':
        return object();
      case '[':
        return list();
      case '"':
        return string();
      default:
        if (accept_word("true")) return true;
        if (accept_word("false")) return false;
        if (accept_word("null")) return {};
        return number();
    }
  }

  Value object() {
    Value::Map entries;
    expect('{');
    while (!accept('}')) {
      if (!entries.empty()) expect(',');
      std::string name = string();
      expect(':');
      entries.push_back({std::move(name), value()});
    }
    return entries;
  }

  Value list() {
    Value::List items;
    expect('[');
    while (!accept(']')) {
      if (!items.empty()) expect(',');
      items.push_back(value());
    }
    return items;
  }

  std::string string() {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    std::string text;
    expect('"');
    while (at_ < text_.size() && text_[at_] != '"') {
      char character = text_[at_++];
      if (character == '\\') {
        const std::size_t escape = kEscapes.find(at_ < text_.size() ? text_[at_++] : '\0');
        if (escape == std::string_view::npos) refuse();
        character = kMeanings[escape];
      }
      text += character;
    }
    expect('"');
    return text;
  }

  Value number() {
    const char* begin = text_.data() + at_;
    const char* end = text_.data() + text_.size();
    std::int64_t integer = 0;
    const auto whole = std::from_chars(begin, end, integer);
    const bool is_whole =
        whole.ec == std::errc() &&
        (whole.ptr == end || std::string_view(".eE").find(*whole.ptr) == std::string_view::npos);
    if (is_whole) {
      at_ += static_cast<std::size_t>(whole.ptr - begin);
      return integer;
    }
    std::size_t length = text_.find_first_not_of("+-.0123456789eE", at_);
    length = (length == std::string_view::npos ? text_.size() : length) - at_;
    if (length == 0) refuse();
    try {
      const double parsed = std::stod(std::string(text_.substr(at_, length)));
      at_ += length;
      return parsed;
    } catch (const std::logic_error&) {
      refuse();
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Adds what the schema has a default for and the options lack. Throws std::runtime_error for an
/// option that the schema does not have.
inline void add_defaults(Value::Map& options, const char* schema_json) {
  std::vector<std::pair<std::string, std::string_view>> properties;
  if (schema_json != nullptr) {
    for (const auto& [name, json] : JsonReader::members(schema_json)) {
      if (name == "properties") properties = JsonReader::members(json);
    }
  }
  for (const NamedValue& option : options) {
    bool is_known = false;
    for (const auto& property : properties) is_known |= property.first == option.name;
    if (!is_known) throw std::runtime_error("the plugin has no option \"" + option.name + "\"");
  }
  for (const auto& [name, json] : properties) {
    bool is_given = false;
    for (const NamedValue& option : options) is_given |= option.name == name;
    if (is_given) continue;
    for (const auto& [key, value] : JsonReader::members(json)) {
      if (key == "default") options.push_back({name, JsonReader::parse(value)});
    }
  }
}

}  // namespace knack::testing
