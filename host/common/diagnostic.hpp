// SPDX-License-Identifier: MIT
// An error as a person reads it: what, where, why, and what to do.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/common/source_text.hpp"

namespace knack::host {

/// The code of an error, such as E0312. Each stands in the catalogue (error_catalogue.hpp) and in
/// docs/errors; a code keeps its meaning for ever.
class ErrorId {
 public:
  template <std::size_t size>
  consteval ErrorId(const char (&id)[size]) : id_(id, size - 1) {
    bool is_good = size == 6 && id[0] == 'E' && id[1] == '0';
    for (std::size_t i = 1; i + 1 < size; ++i) is_good = is_good && id[i] >= '0' && id[i] <= '9';
    if (!is_good) throw "an error's code is E and four digits, such as E0312";
  }

  std::string_view text() const noexcept {
    return id_;
  }
  /// 1 command line, 2 JSON, 3 recipe, 4 plugins, 5 data, 6 training, 9 the rest.
  char area() const noexcept {
    return id_[2];
  }

 private:
  std::string_view id_;
};

/// One error. Texts are plain, without a full stop at their end.
struct Diagnostic {
  ErrorId id = "E0900";
  std::string sentence = {};            ///< what is wrong
  SourcePlace place = {};               ///< where; nowhere when its `source` is empty
  std::string label = {};               ///< beside the mark: what was expected and what found
  std::vector<std::string> notes = {};  ///< further facts
  std::vector<std::string> helps = {};  ///< what to do next
  /// What of the recipe it is about, as `--set` writes it, so that its place can be shown: such as
  /// "data.train", "tricks[ema]" or "trainer.device". Empty: nothing of it.
  std::string subject = {};
  /// Which value among the subject's options it is about, so that the option can be found. Empty:
  /// none, or not known.
  std::string value = {};
};

/// A diagnostic out of a message of the form `SENTENCE; NOTE; NEXT STEP`, of which the latter two
/// may be missing. Further lines are a note. A `; ` between backticks separates nothing.
Diagnostic diagnostic_of(ErrorId id, const std::string& message);

/// All of it on one line: `PLACE: SENTENCE: LABEL; NOTE; HELP`.
std::string one_line_text(const Diagnostic& diagnostic);

/// For a terminal: each diagnostic in the form of rustc's, then a line that counts them and says
/// how to learn more. Control characters are shown as spaces; with `use_color` ANSI colours.
std::string render(std::span<const Diagnostic> diagnostics, bool use_color);

}  // namespace knack::host
