// SPDX-License-Identifier: MIT
// A text that a user wrote, and the places in it that messages show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace knack::host {

/// Line and column, both counted from 1; a column is one Unicode code point.
struct TextPosition {
  std::size_t line = 1;
  std::size_t column = 1;
  std::size_t width = 0;  ///< in code points; 0: of the JSON token that begins there
};

/// Where an error is: a file, a place in one, or an argument of the command line.
struct SourcePlace {
  std::string source = {};   ///< the path as the user would name it, or the argument
  std::size_t line = 0;      ///< from 1; 0: the source as a whole
  std::size_t column = 0;    ///< from 1, in code points
  bool is_argument = false;  ///< then the line is always 1 and not shown
  std::string text = {};     ///< the line, or as much of it as is worth showing
  std::size_t begin = 0;     ///< of what is marked, in bytes of `text`
  std::size_t end = 0;

  /// `FILE:LINE:COLUMN`, the file alone, or the argument.
  std::string name() const;
};

/// An immutable text, by lines.
class SourceText {
 public:
  explicit SourceText(std::string text);

  /// The place at `position` with its line, which is cut around it when it is long.
  SourcePlace place(std::string source, const TextPosition& position) const;

 private:
  std::string_view line(std::size_t number) const;

  std::string text_;
  std::vector<std::uint32_t> starts_;  ///< of the lines
};

/// The bytes of the code point that begins at `at`, 1 for a byte that begins none.
std::size_t code_point_size(std::string_view text, std::size_t at);

std::size_t count_code_points(std::string_view text);

}  // namespace knack::host
