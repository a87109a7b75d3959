// SPDX-License-Identifier: MIT
// Reading value trees that the host lends: batches, outputs, options, metrics, saved state.
#pragma once

#include <knack/sdk/tensor_handle.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace knack::inline v1 {

/// A borrowed value: valid as long as the call it came with. Reading it as what it is not throws
/// Error(KNACK_STATUS_INVALID) that names what was expected and found.
class ValueView {
 public:
  ValueView() = default;
  explicit ValueView(const knack_value_t* value) : value_(value) {}

  [[nodiscard]] const knack_value_t* abi() const {
    return value_;
  }
  [[nodiscard]] std::uint32_t tag() const {
    return value_ == nullptr ? std::uint32_t{KNACK_VALUE_NONE} : value_->tag;
  }
  [[nodiscard]] bool is_none() const {
    return tag() == KNACK_VALUE_NONE;
  }
  [[nodiscard]] bool is_tensor() const {
    return tag() == KNACK_VALUE_TENSOR;
  }
  [[nodiscard]] bool is_list() const {
    return tag() == KNACK_VALUE_LIST;
  }
  [[nodiscard]] bool is_map() const {
    return tag() == KNACK_VALUE_MAP;
  }

  [[nodiscard]] bool boolean() const {
    return expect(KNACK_VALUE_BOOL).as.i64 != 0;
  }
  [[nodiscard]] std::int64_t integer() const {
    return expect(KNACK_VALUE_INT).as.i64;
  }
  /// An integer counts as a number too.
  [[nodiscard]] double number() const {
    if (tag() == KNACK_VALUE_INT) return static_cast<double>(value_->as.i64);
    return expect(KNACK_VALUE_FLOAT).as.f64;
  }
  [[nodiscard]] std::string_view string() const {
    const knack_value_t& value = expect(KNACK_VALUE_STRING);
    return {value.as.string, static_cast<std::size_t>(value.count)};
  }
  /// A reference of its own, which may be kept.
  [[nodiscard]] Tensor tensor() const {
    return Tensor::retain(expect(KNACK_VALUE_TENSOR).as.tensor);
  }

  /// Elements of a list or entries of a map.
  [[nodiscard]] std::size_t size() const {
    if (is_map()) return static_cast<std::size_t>(value_->count);
    return static_cast<std::size_t>(expect(KNACK_VALUE_LIST).count);
  }
  template <std::integral Index>
  [[nodiscard]] ValueView operator[](Index position) const {
    const auto index = static_cast<std::size_t>(position);
    if (index >= size()) return refuse_index(index);
    return ValueView(is_map() ? &value_->as.entries[index].value : &value_->as.items[index]);
  }
  [[nodiscard]] std::string_view name(std::size_t index) const {
    if (index >= expect(KNACK_VALUE_MAP).count) {
      (void)refuse_index(index);
      return {};
    }
    return detail::from_abi(value_->as.entries[index].name);
  }

  /// The entry of a map, if there is one.
  [[nodiscard]] std::optional<ValueView> find(std::string_view name) const {
    const knack_value_t& map = expect(KNACK_VALUE_MAP);
    for (std::uint64_t i = 0; i < map.count; ++i) {
      const knack_named_value_t& entry = map.as.entries[i];
      if (detail::from_abi(entry.name) == name) return ValueView(&entry.value);
    }
    return std::nullopt;
  }
  /// The entry of a map. Throws Error(KNACK_STATUS_NOT_FOUND) when there is none.
  [[nodiscard]] ValueView operator[](std::string_view name) const {
    if (const std::optional<ValueView> entry = find(name)) return *entry;
    fail(KNACK_STATUS_NOT_FOUND, "the map has no \"" + std::string(name) + "\"");
    return {};
  }

  /// What a value of this tag is called in messages.
  static const char* describe(std::uint32_t tag) {
    constexpr std::array kNames{"none",     "a boolean", "an integer", "a number",
                                "a string", "a tensor",  "a list",     "a map"};
    return tag < kNames.size() ? kNames[tag] : "a value of an unknown kind";
  }

 private:
  [[nodiscard]] const knack_value_t& expect(std::uint32_t wanted) const {
    if (tag() != wanted) {
      static constexpr knack_value_t kNone{};
      fail(KNACK_STATUS_INVALID,
           std::string("expected ") + describe(wanted) + ", found " + describe(tag()));
      return kNone;
    }
    return *value_;
  }
  [[nodiscard]] ValueView refuse_index(std::size_t index) const {
    fail(KNACK_STATUS_INVALID, "index " + std::to_string(index) + " of " + describe(tag()) +
                                   " of " + std::to_string(value_ == nullptr ? 0 : value_->count));
    return {};
  }

  const knack_value_t* value_ = nullptr;
};

}  // namespace knack::inline v1
