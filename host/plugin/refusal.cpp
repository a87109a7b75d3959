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
            std::string_view found, std::string_view fix, ErrorId id) {
  std::string problem(field);
  problem.append(": expected ").append(expected).append(", found ").append(found);
  Diagnostic diagnostic{.id = id, .sentence = without_control_characters(problem)};
  diagnostic.place.source = without_control_characters(file.string());
  diagnostic.helps.push_back(without_control_characters(fix));
  throw Error(diagnostic);
}

}  // namespace knack::host
