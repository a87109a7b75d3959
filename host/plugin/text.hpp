// SPDX-License-Identifier: MIT
// Texts of the ABI and of the host.
#pragma once

#include <knack/abi/value.h>

#include <string_view>

namespace knack::host {

/// What a plugin's text says, as long as it lives; NULL is the empty text.
inline std::string_view view(knack_string_t text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

/// A text of the host, for as long as it stays where it is.
inline knack_string_t lend(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace knack::host
