// SPDX-License-Identifier: MIT
// Structs of plain fields as maps of values.
#pragma once

#include <concepts>
#include <stdexcept>
#include <string>
#include <utility>

#include "host/plugin/value.hpp"

namespace knack::host {

/// Marks a field that checkpoints of earlier versions lack; it then keeps its default.
struct Newer {};
inline constexpr Newer kNewer;

/// How a field is kept in a tree.
template <class Field>
auto stored_field(const Field& field) {
  if constexpr (std::same_as<Field, std::uint32_t>) {
    return std::int64_t{field};
  } else {
    return field;
  }
}

/// The fields that `visit_fields(state, visit)` names, some of them marked as Newer, as a map.
template <class State>
Value map_of_fields(State state) {
  Value::Map map;
  visit_fields(state, [&](const char* name, const auto& field, auto...) {
    map.push_back({name, Value(stored_field(field))});
  });
  return map;
}

/// Back again. Throws std::invalid_argument when a field is missing or of another type.
template <class State>
State fields_of_map(const Value& saved) {
  State state;
  visit_fields(state, [&]<class Field, class... Marks>(const char* name, Field& field, Marks...) {
    const Value* value = saved.find(name);
    if (value == nullptr && sizeof...(Marks) > 0) return;
    const auto* content =
        value == nullptr ? nullptr : value->get_if<decltype(stored_field(std::declval<Field>()))>();
    if (content == nullptr) {
      throw std::invalid_argument(std::string("expected a field `") + name + "`");
    }
    field = static_cast<Field>(*content);
  });
  return state;
}

}  // namespace knack::host
