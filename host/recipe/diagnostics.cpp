// SPDX-License-Identifier: MIT
#include "host/recipe/diagnostics.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <tuple>
#include <utility>

#include "host/common/nearest_name.hpp"

namespace knack::host {
namespace {

/// File by file in the order in which errors were found in them, and each from top to bottom.
std::vector<Diagnostic> by_place(std::vector<Diagnostic> diagnostics) {
  std::map<std::string, std::size_t> ranks;
  for (const Diagnostic& each : diagnostics) ranks.emplace(each.place.source, ranks.size());
  const auto key = [&](const Diagnostic& each) {
    return std::tuple(ranks.at(each.place.source), each.place.line, each.place.column);
  };
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
  return diagnostics;
}

}  // namespace

void Diagnostics::add(Diagnostic diagnostic) {
  all_.push_back(std::move(diagnostic));
  if (all_.size() == kMost) throw_if_any();
}

void Diagnostics::fail(Diagnostic diagnostic) {
  add(std::move(diagnostic));
  throw_if_any();
  std::abort();  // not reached: there is at least the error just added
}

void Diagnostics::throw_if_any() const {
  if (all_.empty()) return;
  const std::vector<Diagnostic> sorted = by_place(all_);
  const bool is_recipe = std::any_of(all_.begin(), all_.end(), [](const Diagnostic& each) {
    return exit_code_of(each.id) == ExitCode::recipe;
  });
  throw Error(is_recipe ? ExitCode::recipe : exit_code_of(sorted.front().id), sorted);
}

std::vector<std::string> Diagnostics::lines() const {
  std::vector<std::string> lines;
  for (const Diagnostic& diagnostic : all_) lines.push_back(one_line_text(diagnostic));
  return lines;
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

std::string backticked_path(const std::filesystem::path& path) {
  return "`" + one_line(path.string(), path.native().size()) + "`";
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

std::vector<std::string> suggestions(const std::string& name,
                                     const std::vector<std::string>& candidates) {
  const auto nearest = nearest_name(name, candidates);
  if (!nearest) return {};
  return {"did you mean " + backticked(*nearest) + "?"};
}

}  // namespace knack::host
