// SPDX-License-Identifier: MIT
// The sections of a recipe that name a plugin, with the kind each one asks for.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "host/recipe/recipe.hpp"

namespace knack::host {

template <class SomeRecipe>
auto named_sections(SomeRecipe& recipe) {
  using SectionPointer = decltype(&recipe.model);
  std::vector<std::pair<std::string_view, SectionPointer>> sections = {
      {"model", &recipe.model},
      {"dataset", &recipe.train.dataset},
      {"dataset", &recipe.valid.dataset}};
  if (recipe.test) {
    sections.emplace_back("dataset", &recipe.test->dataset);
  }
  sections.emplace_back("objective", &recipe.objective);
  sections.emplace_back("optimizer", &recipe.optimizer);
  for (auto& trick : recipe.tricks) {
    sections.emplace_back("trick", &trick);
  }
  return sections;
}

}  // namespace knack::host
