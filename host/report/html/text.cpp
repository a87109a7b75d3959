// SPDX-License-Identifier: MIT
#include "host/report/html/text.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

namespace knack::host::html {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr const char* kDash = "\xE2\x80\x93";
constexpr const char* kNarrowSpace = "\xE2\x80\xAF";

template <class... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, format, arguments...);
  return std::string(text, static_cast<std::size_t>(size));
}

bool has_four_decimals(double value) {
  return std::fabs(value) >= 1e-3 && std::fabs(value) < 1e5;
}

/// Bytes of the UTF-8 character at the front of `text`; 0 when there is none.
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xC2 ? 0
                           : first < 0xE0 ? 2
                           : first < 0xF0 ? 3
                           : first < 0xF5 ? 4
                                          : 0;
  if (size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool is_overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool is_surrogate = first == 0xED && byte(1) > 0x9F;
  const bool is_too_large = first == 0xF4 && byte(1) > 0x8F;
  return is_overlong || is_surrogate || is_too_large ? 0 : size;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    const char first = text.front();
    if (size == 0 || first == '\x7F' ||
        (static_cast<unsigned char>(first) < 0x20 && first != '\n' && first != '\t')) {
      result += kReplacement;
    } else if (first == '&') {
      result += "&amp;";
    } else if (first == '<') {
      result += "&lt;";
    } else if (first == '>') {
      result += "&gt;";
    } else if (first == '"') {
      result += "&quot;";
    } else if (first == '\'') {
      result += "&#39;";
    } else {
      result += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return result;
}

std::string name(std::string_view text) {
  return "<bdi>" + escaped(text) + "</bdi>";
}

std::string exact(double value) {
  if (!std::isfinite(value)) return "null";
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

std::string rounded(double value) {
  if (!std::isfinite(value)) return kDash;
  const double size = std::fabs(value);
  if (value == std::nearbyint(value) && size < 1e6) return formatted("%.0f", value);
  return measured(value);
}

std::string measured(double value) {
  if (!std::isfinite(value)) return kDash;
  if (value == 0) return "0";
  return formatted(has_four_decimals(value) ? "%.4f" : "%.4g", value);
}

std::string number(double value) {
  return number(value, value);
}

std::string number(double value, double beside) {
  if (!std::isfinite(value))
    return std::string("<span title=\"not a number\">") + kDash + "</span>";
  const bool is_cut = has_four_decimals(beside) && std::fabs(value) < 1e-3;
  const std::string all = exact(value);
  return "<data value=\"" + all + "\" title=\"" + all + "\">" +
         (is_cut ? formatted("%.4f", value) : measured(value)) + "</data>";
}

std::string grouped(double whole) {
  if (!std::isfinite(whole) || std::fabs(whole) >= 1e15) return rounded(whole);
  std::string text = formatted("%.0f", whole);
  const std::size_t first = text.front() == '-' ? 1 : 0;
  for (std::size_t i = text.size(); i > first + 3; i -= 3) text.insert(i - 3, kNarrowSpace);
  return text;
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e9) return kDash;
  if (seconds < 59.95) return formatted(seconds < 0.095 ? "%.2g s" : "%.1f s", seconds);
  const auto whole = static_cast<long>(std::lround(seconds));
  if (whole < 3600) return formatted("%ld:%02ld min", whole / 60, whole % 60);
  return formatted("%ld:%02ld:%02ld h", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string percent(double share) {
  if (!std::isfinite(share)) return kDash;
  return formatted(share < 0.00095 && share > 0 ? "%.2g %%" : "%.1f %%", 100 * share);
}

std::string number_cell(double value) {
  return "<td class=\"n\">" + number(value) + "</td>";
}

std::string count_cell(double value) {
  return "<td class=\"n\"><data value=\"" + exact(value) + "\">" + rounded(value) + "</data></td>";
}

std::string captioned(const std::string& caption, const std::string& table) {
  return "<figure class=\"table\">\n<figcaption>" + caption +
         "</figcaption>\n<div class=\"scroll\">" + table + "</div>\n</figure>\n";
}

const nlohmann::ordered_json& member(const nlohmann::ordered_json& json, std::string_view key) {
  static const nlohmann::ordered_json kNull;
  if (!json.is_object()) return kNull;
  const auto found = json.find(std::string(key));
  return found == json.end() ? kNull : *found;
}

std::string string_of(const nlohmann::ordered_json& json, std::string_view key) {
  const nlohmann::ordered_json& value = member(json, key);
  return value.is_string() ? value.get<std::string>() : "";
}

double number_of(const nlohmann::ordered_json& json, std::string_view key) {
  const nlohmann::ordered_json& value = member(json, key);
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace knack::host::html
