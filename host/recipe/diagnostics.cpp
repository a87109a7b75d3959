// SPDX-License-Identifier: MIT
#include "host/recipe/diagnostics.hpp"

#include <nlohmann/json.hpp>

#include "host/common/error.hpp"
#include "host/common/nearest_name.hpp"

namespace knack::host {
namespace {

constexpr std::size_t kLongestQuote = 60;

}  // namespace

void Diagnostics::add(const std::string& place, const std::string& message) {
  lines_.push_back(place + ": error: " + message);
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
  throw Error(ExitCode::recipe, message);
}

std::string quoted(const std::string& text) {
  std::string shown = text;
  if (shown.size() > kLongestQuote) shown = shown.substr(0, kLongestQuote) + "...";
  // The JSON writer escapes control characters and replaces a character cut in two.
  const auto replace = nlohmann::json::error_handler_t::replace;
  const std::string dumped = nlohmann::json(shown).dump(-1, ' ', false, replace);
  return "`" + dumped.substr(1, dumped.size() - 2) + "`";
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::string result;
  for (const std::string& name : names) result += (result.empty() ? "" : ", ") + quoted(name);
  return result;
}

std::string suggestion(const std::string& name, const std::vector<std::string>& candidates) {
  const auto nearest = nearest_name(name, candidates);
  return nearest ? "; did you mean " + quoted(*nearest) + "?" : "";
}

}  // namespace knack::host
