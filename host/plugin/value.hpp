// SPDX-License-Identifier: MIT
// Trees of values as the host keeps them, and their two forms at the ABI.
#pragma once

#include <ATen/core/Tensor.h>
#include <knack/abi/value.h>

#include <concepts>
#include <cstdint>
#include <memory_resource>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace knack::host {

struct NamedValue;

/// Deeper trees are refused when they are read.
inline constexpr int kDeepestValue = 64;

/// An owned tree: nothing, a bool, an integer, a float, a string, a tensor, a list or a map.
/// Copies share tensors. Maps keep the order of their entries.
class Value {
 public:
  using List = std::vector<Value>;
  using Map = std::vector<NamedValue>;
  using Content =
      std::variant<std::monostate, bool, std::int64_t, double, std::string, at::Tensor, List, Map>;

  Value() = default;
  Value(std::same_as<bool> auto content) : content_(content) {}  // and no pointer
  Value(int content) : content_(std::int64_t{content}) {}
  Value(std::int64_t content) : content_(content) {}
  Value(double content) : content_(content) {}
  Value(const char* content) : content_(std::string(content)) {}
  Value(std::string content) : content_(std::move(content)) {}
  Value(at::Tensor content) : content_(std::move(content)) {}
  Value(List content) : content_(std::move(content)) {}
  Value(Map content) : content_(std::move(content)) {}

  /// Takes over an owned tree. Whether or not it succeeds, the handles in it are used up.
  /// Throws std::invalid_argument for a tree that breaks the ABI's rules: an unknown tag, a NULL or
  /// undefined tensor, a NULL array, a name that appears twice, a reserved field that is not 0, a
  /// tree deeper than kDeepestValue.
  static Value take(const knack_value_t& owned);

  /// Gives back the handles of an owned tree that nobody takes.
  static void release(const knack_value_t& owned) noexcept;

  /// Copies a borrowed tree, sharing its tensors. Throws as take() does.
  static Value copy(const knack_value_t& borrowed);

  /// Throws std::out_of_range for integers that 64 signed bits do not hold.
  static Value from_json(const nlohmann::ordered_json& json);

  /// Throws std::invalid_argument when a tensor is in the tree.
  nlohmann::ordered_json to_json() const;

  const Content& content() const {
    return content_;
  }
  bool is_none() const {
    return std::holds_alternative<std::monostate>(content_);
  }

  /// The content when it is a `T`, else nullptr; `T` is one of Content's.
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&content_);
  }

  /// An integer or a float; nothing for everything else.
  std::optional<double> number() const;

  /// The value of that name in a map; nullptr when there is none or this is no map.
  const Value* find(std::string_view name) const;

  /// The same tree with `function(tensor)` in place of each tensor.
  template <class Function>
  Value map_tensors(Function&& function) const;

 private:
  Content content_;
};

/// An entry of a map.
struct NamedValue {
  std::string name;
  Value value;
};

/// An owned tree of the ABI whose arrays and texts lie in `memory`. The receiver takes over its
/// tensors.
knack_value_t give_value(const Value& value, std::pmr::memory_resource& memory);

/// Shows a tree to a plugin without giving it away. The buffers are kept for the next tree; showing
/// a single tensor, number or string needs none.
class BorrowedValue {
 public:
  BorrowedValue() = default;
  explicit BorrowedValue(const Value& value) {
    show(value);
  }
  BorrowedValue(const BorrowedValue&) = delete;
  BorrowedValue& operator=(const BorrowedValue&) = delete;

  /// The tree of `value`, good until the next show() and while `value` stays as it is.
  const knack_value_t* show(const Value& value);

  const knack_value_t* get() const {
    return &root_;
  }

 private:
  knack_value_t node(const Value& value);

  knack_value_t root_{};
  std::vector<knack_value_t> items_;
  std::vector<knack_named_value_t> entries_;
};

template <class Function>
Value Value::map_tensors(Function&& function) const {
  if (const auto* tensor = get_if<at::Tensor>()) return Value(at::Tensor(function(*tensor)));
  if (const auto* list = get_if<List>()) {
    List mapped;
    mapped.reserve(list->size());
    for (const Value& item : *list) mapped.push_back(item.map_tensors(function));
    return Value(std::move(mapped));
  }
  if (const auto* map = get_if<Map>()) {
    Map mapped;
    mapped.reserve(map->size());
    for (const NamedValue& entry : *map) {
      mapped.push_back({entry.name, entry.value.map_tensors(function)});
    }
    return Value(std::move(mapped));
  }
  return *this;
}

}  // namespace knack::host
