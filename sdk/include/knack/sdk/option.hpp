// SPDX-License-Identifier: MIT
// One option of a plugin: its type, default and limits. Part of options.hpp.
#pragma once

#include <knack/sdk/json_text.hpp>
#include <knack/sdk/value_view.hpp>

#include <charconv>
#include <initializer_list>
#include <string>
#include <vector>

namespace knack::inline v1 {

namespace detail {

template <typename Number>
std::string number_text(Number number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

inline std::string quoted(std::string_view text) {
  std::string json;
  write_json_string(json, text);
  return json;
}

/// How a C++ type appears in JSON: name of the type, text of a value, reading one.
template <typename Type>
struct OptionType;

template <>
struct OptionType<bool> {
  static constexpr const char* name = "boolean";
  static constexpr const char* item_name = "";
  static constexpr bool nullable = false;
  static std::string text(bool value) {
    return value ? "true" : "false";
  }
  static bool read(ValueView value) {
    return value.boolean();
  }
};

template <std::integral Integer>
struct OptionType<Integer> {
  static constexpr const char* name = "integer";
  static constexpr const char* item_name = "";
  static constexpr bool nullable = false;
  static std::string text(Integer value) {
    return number_text(value);
  }
  static Integer read(ValueView value) {
    return static_cast<Integer>(value.integer());
  }
};

template <std::floating_point Number>
struct OptionType<Number> {
  static constexpr const char* name = "number";
  static constexpr const char* item_name = "";
  static constexpr bool nullable = false;
  static std::string text(Number value) {
    return number_text(value);
  }
  static Number read(ValueView value) {
    return static_cast<Number>(value.number());
  }
};

template <>
struct OptionType<std::string> {
  static constexpr const char* name = "string";
  static constexpr const char* item_name = "";
  static constexpr bool nullable = false;
  static std::string text(const std::string& value) {
    return detail::quoted(value);
  }
  static std::string read(ValueView value) {
    return std::string(value.string());
  }
};

template <typename Element>
struct OptionType<std::vector<Element>> {
  static constexpr const char* name = "array";
  static constexpr const char* item_name = OptionType<Element>::name;
  static constexpr bool nullable = false;
  static std::string text(const std::vector<Element>& values) {
    std::string json = "[";
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) json += ", ";
      json += OptionType<Element>::text(values[i]);
    }
    return json + "]";
  }
  static std::vector<Element> read(ValueView list) {
    std::vector<Element> values;
    for (std::size_t i = 0; i < list.size(); ++i) {
      values.push_back(OptionType<Element>::read(list[i]));
    }
    return values;
  }
};

template <typename Type>
struct OptionType<std::optional<Type>> {
  static constexpr const char* name = OptionType<Type>::name;
  static constexpr const char* item_name = OptionType<Type>::item_name;
  static constexpr bool nullable = true;
  static std::string text(const std::optional<Type>& value) {
    return value ? OptionType<Type>::text(*value) : "null";
  }
  static std::optional<Type> read(ValueView value) {
    if (value.is_none()) return std::nullopt;
    return OptionType<Type>::read(value);
  }
};

}  // namespace detail

/// What OptionSpec::add returns: the limits of the option are set on it, in one chain.
class Option {
 public:
  Option& in_range(double low, double high) {
    return limit("minimum", low).limit("maximum", high);
  }
  Option& at_least(double low) {
    return limit("minimum", low);
  }
  Option& at_most(double high) {
    return limit("maximum", high);
  }
  Option& above(double low) {
    return limit("exclusiveMinimum", low);
  }
  Option& below(double high) {
    return limit("exclusiveMaximum", high);
  }
  Option& one_of(std::initializer_list<const char*> choices) {
    choices_.assign(choices.begin(), choices.end());
    return *this;
  }
  /// The number of elements of a list.
  Option& length(std::int64_t elements) {
    length_ = elements;
    return *this;
  }
  /// A file or folder: arrives as an absolute path, relative ones start at the recipe's folder.
  Option& path() {
    is_path_ = true;
    return *this;
  }
  /// Has no default: the recipe must give it.
  Option& required() {
    is_required_ = true;
    return *this;
  }

 private:
  template <typename Options>
  friend class OptionSpec;

  struct Limit {
    const char* keyword;
    double value;
  };

  Option& limit(const char* keyword, double value) {
    limits_.push_back({keyword, value});
    return *this;
  }
  [[nodiscard]] std::string schema() const;
  [[nodiscard]] std::string item_keywords() const;
  void check(ValueView given) const;
  void check_item(ValueView given) const;

  std::string name_;
  std::string help_;
  const char* type_ = "";
  const char* item_type_ = "";
  bool nullable_ = false;
  bool is_path_ = false;
  bool is_required_ = false;
  std::string default_;
  std::vector<Limit> limits_;
  std::vector<std::string> choices_;
  std::optional<std::int64_t> length_;
};

}  // namespace knack::inline v1
