// SPDX-License-Identifier: MIT
// Where the parts of a recipe that errors are about were written.
#pragma once

#include <string>
#include <utility>

#include "host/common/error.hpp"
#include "host/recipe/document.hpp"

namespace knack::host {

/// `problem` at `place`; where it was before, such as in a plugin's file, becomes a note, in which
/// `former` says what that is.
Diagnostic moved_to(SourcePlace place, Diagnostic problem,
                    const std::string& former = "the plugin's file");

/// Knows the files of one recipe.
class RecipePlaces {
 public:
  /// Of no recipe: places nothing.
  RecipePlaces() = default;
  explicit RecipePlaces(Document document) : document_(std::move(document)) {}

  /// The same error with each diagnostic that has a subject placed there: at the option that its
  /// text names as `option "NAME"`, that has its value, or whose path its text has, else at the
  /// "use" of an instance, or the subject's value.
  Error placed(const Error& error) const;

 private:
  Diagnostic placed(Diagnostic problem) const;
  std::string pointer_of(const std::string& subject) const;
  const Origin* option_of(const Diagnostic& problem, const std::string& pointer) const;

  Document document_;
};

}  // namespace knack::host
