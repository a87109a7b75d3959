// SPDX-License-Identifier: MIT
#include "host/app/recipe_places.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace knack::host {
namespace {

/// The name in the first `option "NAME"` of a text; empty when there is none.
std::string option_named_in(std::string_view text) {
  constexpr std::string_view kBefore = "option \"";
  const std::size_t at = text.find(kBefore);
  if (at == text.npos) return {};
  const std::string_view rest = text.substr(at + kBefore.size());
  const std::size_t end = rest.find('"');
  return end == rest.npos ? std::string() : std::string(rest.substr(0, end));
}

/// Whether `text` has a word between quotes, or a path or what lies below it.
bool quotes(std::string_view text, const std::string& word) {
  if (word.empty()) return false;
  const bool is_path = word.front() == '/';
  const std::string_view ends = is_path ? "`\"'/:,; " : "`\"'";
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = is_path || (at > 0 && ends.find(text[at - 1]) != ends.npos);
    if (begins && (end == text.size() || ends.find(text[end]) != ends.npos)) return true;
  }
  return false;
}

bool is_named(const Json& trick, const std::string& name) {
  if (!trick.is_object()) return false;
  const auto key = trick.find(trick.contains("name") ? "name" : "use");
  return key != trick.end() && *key == name;
}

}  // namespace

Diagnostic moved_to(SourcePlace place, Diagnostic problem) {
  if (!problem.place.source.empty()) {
    problem.notes.insert(problem.notes.begin(), "the plugin's file is " + problem.place.name());
  }
  problem.place = std::move(place);
  problem.subject.clear();
  return problem;
}

Error RecipePlaces::placed(const Error& error) const {
  std::vector<Diagnostic> problems = error.diagnostics();
  const bool has_subject = std::any_of(problems.begin(), problems.end(),
                                       [](const auto& each) { return !each.subject.empty(); });
  if (!has_subject || document_.origins.empty()) return error;
  for (Diagnostic& problem : problems) problem = placed(std::move(problem));
  return {error.code(), std::move(problems)};
}

Diagnostic RecipePlaces::placed(Diagnostic problem) const {
  if (problem.subject.empty()) return problem;
  const std::string pointer = pointer_of(problem.subject);
  const Origin* origin = nullptr;
  if (const std::string option = option_named_in(problem.sentence); !option.empty()) {
    origin = document_.find_origin(child_pointer(pointer, option));
  }
  if (origin == nullptr) origin = option_quoted_in(problem.sentence, pointer);
  if (origin == nullptr) origin = document_.find_origin(child_pointer(pointer, "use"));
  if (origin == nullptr) origin = &document_.nearest_origin(pointer);
  return moved_to(origin->value_place(), std::move(problem));
}

const Origin* RecipePlaces::option_quoted_in(std::string_view text,
                                             const std::string& pointer) const {
  const Json::json_pointer section(pointer);
  if (!document_.root.contains(section) || !document_.root[section].is_object()) return nullptr;
  for (const auto& [key, value] : document_.root[section].items()) {
    if (key == "use" || key == "name" || !value.is_string()) continue;
    const Origin* origin = document_.find_origin(child_pointer(pointer, key));
    if (origin == nullptr) continue;
    const auto& word = value.get_ref<const std::string&>();
    const std::string path = (origin->folder() / word).lexically_normal().string();
    if (quotes(text, word) || quotes(text, path)) return origin;
  }
  return nullptr;
}

std::string RecipePlaces::pointer_of(const std::string& subject) const {
  constexpr std::string_view kTrick = "tricks[";
  if (!subject.starts_with(kTrick)) {
    std::string pointer = "/" + subject;
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    return pointer;
  }
  const std::string name = subject.substr(kTrick.size(), subject.size() - kTrick.size() - 1);
  const Json tricks = document_.root.value("tricks", Json::array());
  const auto trick = std::find_if(tricks.begin(), tricks.end(),
                                  [&](const Json& each) { return is_named(each, name); });
  if (trick == tricks.end()) return "/tricks";
  return child_pointer("/tricks", static_cast<std::size_t>(trick - tricks.begin()));
}

}  // namespace knack::host
