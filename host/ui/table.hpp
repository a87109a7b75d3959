// SPDX-License-Identifier: MIT
// Plain text tables with aligned columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace knack::host {

/// A number for people: 4 decimals, or 4 digits from 1e5 on; "-" for NaN.
std::string number_text(double value);

/// A number as short as six significant digits allow: "0", "0.0005", "1e-08".
std::string short_number_text(double value);

/// Seconds as "9.3 s", "2:05" or "1:02:05".
std::string duration_text(double seconds);

/// Characters of UTF-8 text without sequences that only colour it.
std::size_t visible_width(std::string_view text);

/// Lines of a table whose columns are as wide as their widest cell; the first `left_aligned`
/// columns are left-aligned, all others right-aligned. The first row is the heading. Control
/// characters in cells become spaces, so that none of them can be coloured.
std::vector<std::string> table_lines(const std::vector<std::vector<std::string>>& rows,
                                     std::size_t left_aligned = 1);

/// Writes table_lines() to standard output.
void print_table(const std::vector<std::vector<std::string>>& rows, std::size_t left_aligned = 1);

/// One row of a table that is written as it grows: each cell padded on the left to the width of its
/// heading, at least to `width`; cells may be coloured.
std::string table_row(const std::vector<std::string>& cells,
                      const std::vector<std::string>& headings, std::size_t width);

}  // namespace knack::host
