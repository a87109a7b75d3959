// SPDX-License-Identifier: MIT
// Options of a plugin: described once, they give the JSON Schema and are read from the recipe.
#pragma once

#include <knack/sdk/option.hpp>

#include <cstdlib>
#include <deque>

namespace knack::inline v1 {

/// Describes a struct of options:
///
///   struct Options {
///     double decay = 0.999;                       // the default
///     std::optional<std::int64_t> stop;           // may be null
///     static void describe(knack::OptionSpec<Options>& spec) {
///       spec.add("decay", &Options::decay, "Share that is kept per step").in_range(0, 1);
///       spec.add("stop", &Options::stop, "Step after which nothing happens").at_least(1);
///     }
///   };
///
/// Types: bool, integers, double, std::string, std::vector of these, std::optional of all. Limits
/// and choices apply to the elements of a list.
template <typename Options>
class OptionSpec {
 public:
  explicit OptionSpec(const Options& defaults = Options()) : options_(defaults) {
    Options::describe(*this);
  }

  template <typename Type>
  Option& add(const char* name, Type Options::* member, const char* help) {
    using Kind = detail::OptionType<Type>;
    Option& option = described_.emplace_back();
    option.name_ = name;
    option.help_ = help;
    option.type_ = Kind::name;
    option.item_type_ = Kind::item_name;
    option.nullable_ = Kind::nullable;
    option.default_ = Kind::text(options_.*member);
    if (given_ == nullptr) return option;
    if (const std::optional<ValueView> value = given_->find(name)) {
      detail::with_prefix("option \"" + option.name_ + "\": ",
                          [&] { options_.*member = Kind::read(*value); });
    }
    return option;
  }

  /// The JSON Schema (draft-07) of all options.
  [[nodiscard]] std::string schema() const {
    std::string properties;
    std::string required;
    for (const Option& option : described_) {
      properties +=
          (properties.empty() ? "" : ", ") + detail::quoted(option.name_) + ": " + option.schema();
      if (option.is_required_) {
        required += (required.empty() ? "" : ", ") + detail::quoted(option.name_);
      }
    }
    std::string schema = R"({"type": "object", "additionalProperties": false, "properties": {)";
    schema += properties + "}";
    if (!required.empty()) schema += ", \"required\": [" + required + "]";
    return schema + "}";
  }

  /// The present value of an option that is a number. Throws Error(KNACK_STATUS_NOT_FOUND) for
  /// others.
  [[nodiscard]] double number(std::string_view name) const {
    for (const Option& option : described_) {
      const std::string_view type = option.type_;
      const bool is_number = (type == "number" || type == "integer") && !option.nullable_;
      if (is_number && option.name_ == name) return std::strtod(option.default_.c_str(), nullptr);
    }
    fail(KNACK_STATUS_NOT_FOUND, "there is no numeric option \"" + std::string(name) + "\"");
    return 0;
  }

  /// The options after those in `map` are taken over; the others stay as they are. Throws
  /// Error(KNACK_STATUS_INVALID) that names an option of a wrong type or value, or an unknown one.
  Options read(ValueView map) {
    described_.clear();
    given_ = &map;
    Options::describe(*this);
    given_ = nullptr;
    for (std::size_t i = 0; i < map.size() && !failed(); ++i) {
      if (const Option* option = find(map.name(i))) option->check(map[i]);
    }
    return options_;
  }

 private:
  const Option* find(std::string_view name) const {
    for (const Option& option : described_) {
      if (option.name_ == name) return &option;
    }
    std::string known;
    for (const Option& option : described_) known += (known.empty() ? "" : ", ") + option.name_;
    fail(KNACK_STATUS_INVALID,
         "there is no option \"" + std::string(name) + "\"; there are " + known);
    return nullptr;
  }

  Options options_;
  const ValueView* given_ = nullptr;
  std::deque<Option> described_;
};

/// `options` with those in `map` taken over; see OptionSpec::read.
template <typename Options>
Options read_options(ValueView map, const Options& options = Options()) {
  return OptionSpec<Options>(options).read(map);
}

inline std::string Option::item_keywords() const {
  std::string json;
  for (const Limit& limit : limits_) {
    json += ", \"" + std::string(limit.keyword) + "\": " + detail::number_text(limit.value);
  }
  if (is_path_) json += R"(, "format": "knack-path")";
  if (choices_.empty()) return json;
  json += ", \"enum\": [";
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    json += (i > 0 ? ", " : "") + detail::quoted(choices_[i]);
  }
  if (nullable_ && *item_type_ == '\0') json += ", null";
  return json + "]";
}

inline std::string Option::schema() const {
  const std::string type = detail::quoted(type_);
  std::string json = R"({"type": )" + (nullable_ ? "[" + type + R"(, "null"])" : type);
  if (*item_type_ == '\0') {
    json += item_keywords();
  } else {
    json += R"(, "items": {"type": )" + detail::quoted(item_type_) + item_keywords() + "}";
  }
  if (length_) {
    const std::string length = detail::number_text(*length_);
    json += ", \"minItems\": " + length + ", \"maxItems\": " + length;
  }
  if (!is_required_) json += ", \"default\": " + default_;
  return json + ", \"description\": " + detail::quoted(help_) + "}";
}

inline void Option::check(ValueView given) const {
  if (given.is_none()) return;
  if (!given.is_list()) return check_item(given);
  if (length_ && given.size() != static_cast<std::size_t>(*length_)) {
    return fail(KNACK_STATUS_INVALID, "option \"" + name_ + "\": expected " +
                                          detail::number_text(*length_) + " elements, found " +
                                          detail::number_text(given.size()));
  }
  for (std::size_t i = 0; i < given.size(); ++i) check_item(given[i]);
}

inline void Option::check_item(ValueView given) const {
  const auto refuse = [this](const std::string& expected, const std::string& found) {
    fail(KNACK_STATUS_INVALID,
         "option \"" + name_ + "\": expected " + expected + ", found " + found);
  };
  for (const Limit& limit : limits_) {
    const std::string_view keyword = limit.keyword;
    const double number = given.number();
    const bool fits = keyword == "minimum"            ? number >= limit.value
                      : keyword == "maximum"          ? number <= limit.value
                      : keyword == "exclusiveMinimum" ? number > limit.value
                                                      : number < limit.value;
    if (!fits) {
      refuse(std::string(keyword) + " " + detail::number_text(limit.value),
             detail::number_text(number));
    }
  }
  if (choices_.empty()) return;
  std::string expected;
  for (const std::string& choice : choices_) {
    if (given.string() == choice) return;
    expected += (expected.empty() ? "" : " or ") + detail::quoted(choice);
  }
  refuse(expected, detail::quoted(given.string()));
}

}  // namespace knack::inline v1
