// SPDX-License-Identifier: MIT
// Making value trees to hand to the host: batches, facts, metrics, state.
#pragma once

#include <knack/sdk/value_view.hpp>

#include <variant>

namespace knack::inline v1 {

class Value;
struct NamedValue;

/// An owned tree: nothing, a bool, an integer, a number, text, a tensor, a list or a map.
///
///   Value facts = Value::map({{"num_classes", 10}, {"shape", Value::list({1, 8, 8})}});
class Value {
 public:
  using List = std::vector<Value>;
  using Map = std::vector<NamedValue>;

  // Defined below, where a Map's entries are complete.
  Value() noexcept;
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();

  Value(bool value);
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
  Value(Integer value);
  template <std::floating_point Number>
  Value(Number value);
  Value(std::string value);
  Value(std::string_view value);
  Value(const char* value);
  Value(Tensor value);
  Value(List value);
  Value(Map value);
  static Value list(List elements);
  static Value map(Map entries);
  template <typename Range>
  static Value list_of(const Range& range);

  /// Adds an entry, or replaces the one of that name. Throws unless this is a map or nothing yet.
  void set(std::string name, Value value);

  /// The tree in the ABI's form, in memory that the host gives for the call in progress. `lend`
  /// keeps the tensors, so this must outlive the use; `release` gives them away.
  [[nodiscard]] knack_value_t lend(const knack_host_t* host) const {
    return lower(host);
  }
  [[nodiscard]] knack_value_t release(const knack_host_t* host) && {
    const knack_value_t value = lower(host);
    if (!failed()) forget_tensors();
    return value;
  }

 private:
  [[nodiscard]] knack_value_t lower(const knack_host_t* host) const;
  void forget_tensors();

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Tensor, List, Map> content_;
};

struct NamedValue {
  std::string name;
  Value value;
};

inline Value::Value() noexcept = default;
inline Value::Value(const Value& other) = default;
inline Value::Value(Value&& other) noexcept = default;
inline Value& Value::operator=(const Value& other) = default;
inline Value& Value::operator=(Value&& other) noexcept = default;
inline Value::~Value() = default;

inline Value::Value(bool value) : content_(value) {}
template <std::integral Integer>
  requires(!std::same_as<Integer, bool>)
Value::Value(Integer value) : content_(static_cast<std::int64_t>(value)) {}
template <std::floating_point Number>
Value::Value(Number value) : content_(static_cast<double>(value)) {}
inline Value::Value(std::string value) : content_(std::move(value)) {}
inline Value::Value(std::string_view value) : content_(std::string(value)) {}
inline Value::Value(const char* value) : content_(std::string(value)) {}
inline Value::Value(Tensor value) : content_(std::move(value)) {}
inline Value::Value(List value) : content_(std::move(value)) {}
inline Value::Value(Map value) : content_(std::move(value)) {}
inline Value Value::list(List elements) {
  return {std::move(elements)};
}
inline Value Value::map(Map entries) {
  return {std::move(entries)};
}
template <typename Range>
Value Value::list_of(const Range& range) {
  List elements;
  for (const auto& element : range) elements.emplace_back(element);
  return {std::move(elements)};
}

inline void Value::set(std::string name, Value value) {
  if (std::holds_alternative<std::monostate>(content_)) content_ = Map();
  Map* map = std::get_if<Map>(&content_);
  if (map == nullptr) return fail(KNACK_STATUS_INVALID, "\"" + name + "\" is set on no map");
  for (NamedValue& entry : *map) {
    if (entry.name == name) {
      entry.value = std::move(value);
      return;
    }
  }
  map->push_back({std::move(name), std::move(value)});
}

namespace detail {

template <typename Element>
Element* allocate(const knack_host_t* host, std::size_t count) {
  void* memory = host->allocate(host, count * sizeof(Element));
  if (memory == nullptr) knack::fail(KNACK_STATUS_NO_MEMORY, "out of memory");
  return static_cast<Element*>(memory);
}

inline const char* copy_text(const knack_host_t* host, const std::string& text) {
  if (text.empty()) return nullptr;
  char* copy = allocate<char>(host, text.size());
  if (copy != nullptr) std::memcpy(copy, text.data(), text.size());
  return copy;
}

}  // namespace detail

inline knack_value_t Value::lower(const knack_host_t* host) const {
  knack_value_t value{};
  if (const auto* boolean = std::get_if<bool>(&content_)) {
    value.tag = KNACK_VALUE_BOOL;
    value.as.i64 = *boolean ? 1 : 0;
  } else if (const auto* integer = std::get_if<std::int64_t>(&content_)) {
    value.tag = KNACK_VALUE_INT;
    value.as.i64 = *integer;
  } else if (const auto* number = std::get_if<double>(&content_)) {
    value.tag = KNACK_VALUE_FLOAT;
    value.as.f64 = *number;
  } else if (const auto* text = std::get_if<std::string>(&content_)) {
    value.tag = KNACK_VALUE_STRING;
    value.count = text->size();
    value.as.string = detail::copy_text(host, *text);
  } else if (const auto* tensor = std::get_if<Tensor>(&content_)) {
    value.tag = tensor->defined() ? KNACK_VALUE_TENSOR : KNACK_VALUE_NONE;
    value.as.tensor = tensor->handle();
  } else if (const auto* list = std::get_if<List>(&content_)) {
    auto* items = detail::allocate<knack_value_t>(host, list->size());
    if (failed()) return {};
    for (std::size_t i = 0; i < list->size(); ++i) items[i] = (*list)[i].lower(host);
    value.tag = KNACK_VALUE_LIST;
    value.count = list->size();
    value.as.items = items;
  } else if (const auto* map = std::get_if<Map>(&content_)) {
    auto* entries = detail::allocate<knack_named_value_t>(host, map->size());
    if (failed()) return {};
    for (std::size_t i = 0; i < map->size(); ++i) {
      const NamedValue& entry = (*map)[i];
      entries[i].name = {detail::copy_text(host, entry.name), entry.name.size()};
      entries[i].value = entry.value.lower(host);
    }
    value.tag = KNACK_VALUE_MAP;
    value.count = map->size();
    value.as.entries = entries;
  }
  return value;
}

inline void Value::forget_tensors() {
  if (auto* tensor = std::get_if<Tensor>(&content_)) {
    (void)tensor->release();
  } else if (auto* list = std::get_if<List>(&content_)) {
    for (Value& element : *list) element.forget_tensors();
  } else if (auto* map = std::get_if<Map>(&content_)) {
    for (NamedValue& entry : *map) entry.value.forget_tensors();
  }
}

}  // namespace knack::inline v1
