// SPDX-License-Identifier: MIT
// Writing JSON: the manifest while compiling, schemas when the plugin is loaded.
#pragma once

#include <cstddef>
#include <string_view>

namespace knack::inline v1::detail {

/// Counts characters and, when it has room, writes them. For constant expressions.
struct TextSink {
  char* out = nullptr;
  std::size_t size = 0;

  constexpr void append(std::string_view text) {
    for (const char c : text) {
      if (out != nullptr) out[size] = c;
      ++size;
    }
  }
  constexpr void append_number(unsigned number) {
    if (number >= 10) append_number(number / 10);
    append(std::string_view("0123456789").substr(number % 10, 1));
  }
};

/// Writes `text` as a JSON string. `Sink` has append(std::string_view).
template <typename Sink>
constexpr void write_json_string(Sink& sink, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  sink.append("\"");
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto code = static_cast<unsigned char>(text[i]);
    if (text[i] == '"' || text[i] == '\\') sink.append("\\");
    if (code < 0x20) {
      sink.append("\\u00");
      sink.append(kDigits.substr(code / 16, 1));
      sink.append(kDigits.substr(code % 16, 1));
    } else {
      sink.append(text.substr(i, 1));
    }
  }
  sink.append("\"");
}

}  // namespace knack::inline v1::detail
