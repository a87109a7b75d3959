// SPDX-License-Identifier: MIT
#include "host/plugin/refusal.hpp"

#include "host/common/error.hpp"

namespace knack::host {
namespace {

constexpr std::size_t kLongestWords = 200;

std::string without_control_characters(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return line;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string line = without_control_characters(text.substr(0, kLongestWords));
  if (text.size() > kLongestWords) line += "...";
  return line;
}

void refuse(const std::filesystem::path& file, std::string_view field, std::string_view expected,
            std::string_view found, std::string_view fix) {
  std::string line = file.string();
  line.append(": ").append(field).append(": expected ").append(expected);
  line.append(", found ").append(found).append("; ").append(fix);
  throw Error(ExitCode::plugin, without_control_characters(line));
}

}  // namespace knack::host
