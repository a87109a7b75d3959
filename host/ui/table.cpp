// SPDX-License-Identifier: MIT
#include "host/ui/table.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iostream>

namespace knack::host {
namespace {

/// A cell's text may come from a file that somebody else made: nothing in it commands the terminal.
std::string without_controls(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
  return text;
}

}  // namespace

std::string number_text(double value) {
  if (std::isnan(value)) return "-";
  return std::abs(value) < 1e5 ? fmt::format("{:.4f}", value) : fmt::format("{:.4g}", value);
}

std::string short_number_text(double value) {
  return fmt::format("{:g}", value);
}

std::string duration_text(double seconds) {
  if (seconds < 60) {
    return fmt::format("{:.1f} s", seconds);
  }
  const auto whole = static_cast<long>(std::lround(seconds));
  if (whole < 3600) {
    return fmt::format("{}:{:02}", whole / 60, whole % 60);
  }
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::size_t visible_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = std::min(text.find('m', i), text.size());
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {  // begins a character
      ++width;
    }
  }
  return width;
}

std::vector<std::string> table_lines(const std::vector<std::vector<std::string>>& rows,
                                     std::size_t left_aligned) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], visible_width(without_controls(row[i])));
    }
  }
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = without_controls(row[i]);
      const std::string padding(widths[i] - visible_width(cell), ' ');
      if (i > 0) line += "  ";
      line += i < left_aligned ? cell + padding : padding + cell;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

void print_table(const std::vector<std::vector<std::string>>& rows, std::size_t left_aligned) {
  for (const std::string& line : table_lines(rows, left_aligned)) std::cout << line << "\n";
}

std::string table_row(const std::vector<std::string>& cells,
                      const std::vector<std::string>& headings, std::size_t width) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t wanted = std::max(width, visible_width(headings.at(i)));
    const std::size_t found = visible_width(cells[i]);
    if (i > 0) line += "  ";
    line += std::string(wanted > found ? wanted - found : 0, ' ') + cells[i];
  }
  return line;
}

}  // namespace knack::host
