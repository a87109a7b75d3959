// SPDX-License-Identifier: MIT
// Collects every error of a recipe, so that the user sees them all in one go.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "host/common/diagnostic.hpp"
#include "host/common/error.hpp"

namespace knack::host {

/// The errors found so far, in the order in which they were found.
class Diagnostics {
 public:
  /// After so many errors the first ones are reported, and no more are looked for.
  static constexpr std::size_t kMost = 200;

  /// Records one error. Throws them all when they are kMost.
  void add(Diagnostic diagnostic);

  /// Records one error after which going on makes no sense, and throws them all.
  [[noreturn]] void fail(Diagnostic diagnostic);

  /// Throws one Error with all of them, by place; does nothing if there is none. Its exit code is
  /// that of a wrong recipe if any of them is, else that of the first.
  void throw_if_any() const;

  const std::vector<Diagnostic>& all() const noexcept {
    return all_;
  }

  /// Each of them as plain text.
  std::vector<std::string> lines() const;

 private:
  std::vector<Diagnostic> all_;
};

/// `text` made fit for one line of a message: no control characters, and cut to about `longest`
/// bytes, marked with `...`, if it has more.
std::string one_line(const std::string& text, std::size_t longest = 60);

/// one_line(text) between backticks.
std::string backticked(const std::string& text);

/// The whole path, made fit for a line, between backticks.
std::string backticked_path(const std::filesystem::path& path);

/// "`a`, `b`, `c`", each as backticked() writes it.
std::string backticked_list(const std::vector<std::string>& names);

/// "; did you mean `x`?" for the candidate nearest to `name`, or nothing.
std::string suggestion(const std::string& name, const std::vector<std::string>& candidates);

/// The same as the helps of a diagnostic: "did you mean `x`?", or none.
std::vector<std::string> suggestions(const std::string& name,
                                     const std::vector<std::string>& candidates);

}  // namespace knack::host
