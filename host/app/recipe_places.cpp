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

/// Whether `text` has the path or what lies below it.
bool has_path(std::string_view text, const std::string& path) {
  constexpr std::string_view kEnds = "`\"'/:,; ";
  for (std::size_t at = text.find(path); at != text.npos; at = text.find(path, at + 1)) {
    const std::size_t end = at + path.size();
    if (end == text.size() || kEnds.find(text[end]) != kEnds.npos) return true;
  }
  return false;
}

bool is_named(const Json& trick, const std::string& name) {
  if (!trick.is_object()) return false;
  const auto key = trick.find(trick.contains("name") ? "name" : "use");
  return key != trick.end() && *key == name;
}

}  // namespace

Diagnostic moved_to(SourcePlace place, Diagnostic problem, const std::string& former) {
  if (!problem.place.source.empty()) {
    problem.notes.insert(problem.notes.begin(), former + " is " + problem.place.name());
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
  const Origin* use = document_.find_origin(child_pointer(pointer, "use"));
  const Origin* origin = option_of(problem, pointer);
  if (origin == nullptr) origin = use;
  if (origin == nullptr) origin = &document_.nearest_origin(pointer);
  return moved_to(origin->value_place(), std::move(problem),
                  use == nullptr ? "the file" : "the plugin's file");
}

const Origin* RecipePlaces::option_of(const Diagnostic& problem, const std::string& pointer) const {
  if (const std::string option = option_named_in(problem.sentence); !option.empty()) {
    const Origin* origin = document_.find_origin(child_pointer(pointer, option));
    if (origin != nullptr) return origin;
  }
  const Json::json_pointer section(pointer);
  if (!document_.root.contains(section) || !document_.root[section].is_object()) return nullptr;
  for (const auto& [key, value] : document_.root[section].items()) {
    if (key == "use" || key == "name" || !value.is_string()) continue;
    const Origin* origin = document_.find_origin(child_pointer(pointer, key));
    const auto& word = value.get_ref<const std::string&>();
    if (origin == nullptr || word.empty()) continue;
    const std::string path = (origin->folder() / word).lexically_normal().string();
    if (problem.value == word || has_path(problem.sentence, path)) return origin;
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
