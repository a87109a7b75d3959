// SPDX-License-Identifier: MIT
#include "host/plugin/manifest_grammar.hpp"

#include <algorithm>
#include <string>

namespace knack::host {
namespace {

constexpr std::size_t kMostVersionNumbers = 3;
constexpr std::size_t kMostDigits = 6;

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool is_kind(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || c == '_'; });
}

bool is_id(std::string_view text) {
  bool in_first_part = true;
  bool part_is_empty = true;
  for (const char c : text) {
    if (c == '.') {
      if (part_is_empty) return false;
      in_first_part = false;
      part_is_empty = true;
    } else if (is_letter(c) || is_digit(c) || c == '_' || (c == '-' && !in_first_part)) {
      part_is_empty = false;
    } else {
      return false;
    }
  }
  return !part_is_empty;
}

bool is_stdlib(std::string_view text) {
  return text == "libstdc++" || text == "libc++";
}

bool is_compiler(std::string_view text) {
  const std::size_t dash = text.find('-');
  return dash != std::string_view::npos && is_kind(text.substr(0, dash)) &&
         is_version(text.substr(dash + 1));
}

bool is_version(std::string_view text) {
  return !version_numbers(text).empty();
}

std::vector<int> version_numbers(std::string_view text) {
  text = release_of(text);
  std::vector<int> numbers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t dot = std::min(text.find('.', at), text.size());
    const std::string part(text.substr(at, dot - at));
    const bool is_number = !part.empty() && part.size() <= kMostDigits &&
                           std::all_of(part.begin(), part.end(), is_digit);
    if (!is_number || numbers.size() == kMostVersionNumbers) return {};
    numbers.push_back(std::stoi(part));
    at = dot + 1;
  }
  return numbers;
}

std::string_view compiler_major(std::string_view compiler) {
  return compiler.substr(0, compiler.find('.'));
}

std::string_view release_of(std::string_view version) {
  return version.substr(0, version.find('+'));
}

}  // namespace knack::host
