// SPDX-License-Identifier: MIT
#include "host/common/source_text.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace knack::host {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
/// Code points of a long line that are shown in front of what is marked, and in all.
constexpr std::size_t kShownBefore = 40;
constexpr std::size_t kShown = 100;

/// The byte at which the code point `count` after that at `at` begins.
std::size_t forward(std::string_view text, std::size_t at, std::size_t count) {
  for (; count > 0 && at < text.size(); --count) at += code_point_size(text, at);
  return at;
}

/// The byte at which the code point `count` before that at `at` begins; as forward() does, a byte
/// that belongs to none counts as one.
std::size_t backward(std::string_view text, std::size_t at, std::size_t count) {
  constexpr std::size_t kLargest = 4;
  for (; count > 0 && at > 0; --count) {
    std::size_t size = 1;
    for (std::size_t wider = 2; wider <= std::min(at, kLargest); ++wider) {
      if (code_point_size(text, at - wider) == wider) size = wider;
    }
    at -= size;
  }
  return at;
}

/// The end of the JSON token that begins at `begin`.
std::size_t token_end(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  if (end < text.size() && text[end] == '"') {
    for (++end; end < text.size() && text[end] != '"'; ++end) {
      if (text[end] == '\\') ++end;
    }
    return std::min(end + 1, text.size());
  }
  const auto is_part = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.' || c == '_';
  };
  while (end < text.size() && is_part(static_cast<unsigned char>(text[end]))) ++end;
  return end == begin ? forward(text, begin, 1) : end;
}

/// The part of a long line that is worth showing, with the bytes from `begin` to `end` marked.
void show(SourcePlace& place, std::string_view line, std::size_t begin, std::size_t end) {
  const bool is_long = forward(line, 0, kShown) < line.size();
  const std::size_t from = is_long ? backward(line, begin, kShownBefore) : 0;
  const std::size_t to = forward(line, from, kShown);
  const std::string_view lead = from == 0 ? "" : "...";
  place.text = std::string(lead).append(line.substr(from, to - from));
  place.begin = std::min(begin, to) - from + lead.size();
  place.end = std::clamp(end, std::min(begin, to), to) - from + lead.size();
  if (to < line.size()) place.text += "...";
}

}  // namespace

std::string SourcePlace::name() const {
  if (is_argument || line == 0) return source;
  return source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

SourceText::SourceText(std::string text) : text_(std::move(text)) {
  starts_.push_back(text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  for (std::size_t at = text_.find('\n'); at != text_.npos; at = text_.find('\n', at + 1)) {
    starts_.push_back(static_cast<std::uint32_t>(at + 1));
  }
}

std::string_view SourceText::line(std::size_t number) const {
  if (number == 0 || number > starts_.size()) return {};
  const std::size_t begin = starts_[number - 1];
  const std::size_t end = number == starts_.size() ? text_.size() : starts_[number] - 1;
  std::string_view line = std::string_view(text_).substr(begin, end - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

SourcePlace SourceText::place(std::string source, const TextPosition& position) const {
  SourcePlace place{.source = std::move(source), .line = position.line, .column = position.column};
  const std::string_view text = line(position.line);
  const std::size_t begin = forward(text, 0, position.column - 1);
  const bool is_token = position.width == 0;
  const std::size_t end = is_token ? token_end(text, begin) : forward(text, begin, position.width);
  show(place, text, begin, end);
  return place;
}

std::size_t code_point_size(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const std::size_t size = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  for (std::size_t i = 1; i < size; ++i) {
    const bool continues =
        at + i < text.size() && (static_cast<unsigned char>(text[at + i]) & 0xC0) == 0x80;
    if (!continues) return 1;
  }
  return size;
}

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += code_point_size(text, at)) ++count;
  return count;
}

}  // namespace knack::host
