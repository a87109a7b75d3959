// SPDX-License-Identifier: MIT
// Collects every error of a recipe, so that the user sees them all in one go.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "host/common/error.hpp"

namespace knack::host {

/// An Error whose lines all have the form `PLACE: error: TEXT`, so that nothing is put before them.
class PlacedError : public Error {
 public:
  using Error::Error;
};

/// One line of a PlacedError.
std::string placed_line(const std::string& place, const std::string& message);

/// The errors found so far, in the order in which they were found.
class Diagnostics {
 public:
  /// Records one error. `place` is `FILE:LINE:COL`, a file, or the text of a `--set`.
  void add(const std::string& place, const std::string& message);

  /// Records one error after which going on makes no sense, and throws them all.
  [[noreturn]] void fail(const std::string& place, const std::string& message);

  /// Throws one PlacedError (ExitCode::recipe), a line an error; does nothing if there is none.
  void throw_if_any() const;

  const std::vector<std::string>& lines() const noexcept {
    return lines_;
  }

 private:
  std::vector<std::string> lines_;
};

/// `text` made fit for one line of a message: no control characters, and cut to about `longest`
/// bytes, marked with `...`, if it has more.
std::string one_line(const std::string& text, std::size_t longest = 60);

/// one_line(text) between backticks.
std::string backticked(const std::string& text);

/// "`a`, `b`, `c`", each as backticked() writes it.
std::string backticked_list(const std::vector<std::string>& names);

/// "; did you mean `x`?" for the candidate nearest to `name`, or nothing.
std::string suggestion(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace knack::host
