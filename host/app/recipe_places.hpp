// SPDX-License-Identifier: MIT
// Where the parts of a recipe that errors are about were written.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "host/common/error.hpp"
#include "host/recipe/document.hpp"

namespace knack::host {

/// `problem` at `place`; where it was before, such as in a plugin's file, becomes a note.
Diagnostic moved_to(SourcePlace place, Diagnostic problem);

/// Knows the files of one recipe.
class RecipePlaces {
 public:
  /// Of no recipe: places nothing.
  RecipePlaces() = default;
  explicit RecipePlaces(Document document) : document_(std::move(document)) {}

  /// The same error with each diagnostic that has a subject placed there: at the option that a
  /// plugin's text names as `option "NAME"`, or whose text or path it quotes, else at the subject's
  /// value, or the "use" of an instance.
  Error placed(const Error& error) const;

 private:
  Diagnostic placed(Diagnostic problem) const;
  std::string pointer_of(const std::string& subject) const;
  const Origin* option_quoted_in(std::string_view text, const std::string& pointer) const;

  Document document_;
};

}  // namespace knack::host
