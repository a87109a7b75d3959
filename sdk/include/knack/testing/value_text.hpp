// SPDX-License-Identifier: MIT
// Value trees as JSON text, for comparisons in tests.
#pragma once

#include <knack/sdk/option.hpp>
#include <knack/sdk/value.hpp>

namespace knack::testing {

/// Tensors appear as "<tensor>", without quotes.
inline std::string value_text(ValueView value) {
  switch (value.tag()) {
    case KNACK_VALUE_BOOL:
      return value.boolean() ? "true" : "false";
    case KNACK_VALUE_INT:
      return detail::number_text(value.integer());
    case KNACK_VALUE_FLOAT:
      return detail::number_text(value.number());
    case KNACK_VALUE_STRING:
      return detail::quoted(value.string());
    case KNACK_VALUE_TENSOR:
      return "<tensor>";
    case KNACK_VALUE_LIST:
    case KNACK_VALUE_MAP:
      break;
    default:
      return "null";
  }
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i > 0) text += ", ";
    if (value.is_map()) text += detail::quoted(value.name(i)) + ": ";
    text += value_text(value[i]);
  }
  return value.is_map() ? "{" + text + "}" : "[" + text + "]";
}

}  // namespace knack::testing
