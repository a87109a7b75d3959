// SPDX-License-Identifier: MIT
#include "host/recipe/diagnostics.hpp"

#include <cctype>
#include <cstdlib>

#include "host/common/nearest_name.hpp"

namespace knack::host {

std::string placed_line(const std::string& place, const std::string& message) {
  return place + ": error: " + message;
}

void Diagnostics::add(const std::string& place, const std::string& message) {
  lines_.push_back(placed_line(place, message));
}

void Diagnostics::fail(const std::string& place, const std::string& message) {
  add(place, message);
  throw_if_any();
  std::abort();  // not reached: there is at least the error just added
}

void Diagnostics::throw_if_any() const {
  if (lines_.empty()) return;
  std::string message;
  for (const std::string& line : lines_) message += (message.empty() ? "" : "\n") + line;
  throw PlacedError(ExitCode::recipe, message);
}

std::string one_line(const std::string& text, std::size_t longest) {
  std::string shown = text;
  if (shown.size() > longest) {
    std::size_t cut = longest;
    while (cut > 0 && (static_cast<unsigned char>(shown[cut]) & 0xC0) == 0x80)
      --cut;  // whole UTF-8
    shown = shown.substr(0, cut) + "...";
  }
  for (char& c : shown) {
    if (std::iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  return shown;
}

std::string backticked(const std::string& text) {
  return "`" + one_line(text) + "`";
}

std::string backticked_list(const std::vector<std::string>& names) {
  std::string result;
  for (const std::string& name : names) result += (result.empty() ? "" : ", ") + backticked(name);
  return result;
}

std::string suggestion(const std::string& name, const std::vector<std::string>& candidates) {
  const auto nearest = nearest_name(name, candidates);
  return nearest ? "; did you mean " + backticked(*nearest) + "?" : "";
}

}  // namespace knack::host
