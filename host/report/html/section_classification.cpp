// SPDX-License-Identifier: MIT
// For classification: what was taken for what.
#include <algorithm>
#include <cmath>
#include <vector>

#include "host/report/html/sections.hpp"
#include "host/report/html/text.hpp"

namespace knack::host::html {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostClasses = 64;
constexpr std::size_t kMostNumberedClasses = 20;
constexpr std::size_t kMostSamples = 16;
constexpr std::size_t kMostPairs = 20;
constexpr std::size_t kLargestImage = 200000;

using Matrix = std::vector<std::vector<double>>;

/// Empty unless it is a square of numbers that are not negative.
Matrix matrix_of(const Json& json) {
  if (!json.is_array() || json.size() > kMostClasses) return {};
  Matrix matrix;
  for (const Json& row : json) {
    if (!row.is_array() || row.size() != json.size()) return {};
    matrix.emplace_back();
    for (const Json& cell : row) {
      if (!cell.is_number() || cell.get<double>() < 0) return {};
      matrix.back().push_back(cell.get<double>());
    }
  }
  return matrix;
}

double row_sum(const std::vector<double>& row) {
  double sum = 0;
  for (const double cell : row) sum += cell;
  return sum;
}

/// Cells as dark as their share of the row: the diagonal in one colour, mistakes in another.
std::string heat_map(const Matrix& matrix) {
  const std::size_t count = matrix.size();
  const std::size_t side = count <= kMostNumberedClasses ? 30 : 12;
  const std::size_t edge = 34;
  const std::string whole = std::to_string(edge + side * count + 2);
  double right = 0;
  double all = 0;
  std::string cells;
  for (std::size_t i = 0; i < count; ++i) {
    const double sum = row_sum(matrix[i]);
    all += sum;
    right += matrix[i][i];
    for (std::size_t j = 0; j < count; ++j) {
      if (matrix[i][j] == 0) continue;
      const double share = matrix[i][j] / sum;
      const double shade = i == j ? 0.15 + 0.75 * share : std::min(1.0, 0.3 + 1.2 * share);
      const std::string x = std::to_string(edge + side * j);
      const std::string y = std::to_string(edge + side * i);
      cells += "<g class=\"" + std::string(i == j ? "right" : "wrong") + "\"><title>" +
               std::to_string(i) + " taken for " + std::to_string(j) + ": " +
               rounded(matrix[i][j]) + "</title><rect x=\"" + x + "\" y=\"" + y + "\" width=\"" +
               std::to_string(side - 1) + "\" height=\"" + std::to_string(side - 1) +
               "\" fill-opacity=\"" + rounded(shade) + "\"/>";
      if (count <= kMostNumberedClasses) {
        cells += "<text" + std::string(shade > 0.55 ? " class=\"on\"" : "") + " x=\"" +
                 std::to_string(edge + side * j + side / 2) + "\" y=\"" +
                 std::to_string(edge + side * i + side / 2 + 4) + "\">" + rounded(matrix[i][j]) +
                 "</text>";
      }
      cells += "</g>\n";
    }
  }
  std::string labels;
  const std::size_t every = count <= kMostNumberedClasses ? 1 : 8;
  for (std::size_t i = 0; i < count; i += every) {
    const std::string at = std::to_string(edge + side * i + side / 2);
    const std::string text = std::to_string(i) + "</text>";
    labels += "<text class=\"tick\" x=\"" + at + "\" y=\"" + std::to_string(edge - 6) + "\">" +
              text + "<text class=\"tick end\" x=\"" + std::to_string(edge - 7) + "\" y=\"" +
              std::to_string(edge + side * i + side / 2 + 4) + "\">" + text + "\n";
  }
  return "<svg class=\"confusion\" role=\"img\" aria-labelledby=\"confusion-t confusion-d\" "
         "viewBox=\"0 0 " +
         whole + " " + whole +
         "\"><title id=\"confusion-t\">Confusion matrix</title><desc "
         "id=\"confusion-d\">" +
         grouped(right) + " of " + grouped(all) +
         " samples were classified rightly. Rows are the true classes, columns the predicted ones."
         "</desc>\n<g class=\"axes\">" +
         labels + "</g>\n" + cells + "</svg>\n";
}

std::string matrix_table(const Matrix& matrix) {
  std::string out = "<table class=\"matrix\">\n<thead><tr><td></td>";
  for (std::size_t j = 0; j < matrix.size(); ++j) {
    out += "<th scope=\"col\" class=\"n\">" + std::to_string(j) + "</th>";
  }
  out += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    out += "<tr><th scope=\"row\" class=\"n\">" + std::to_string(i) + "</th>";
    for (const double cell : matrix[i]) out += "<td class=\"n\">" + rounded(cell) + "</td>";
    out += "</tr>\n";
  }
  return captioned("Rows: target. Columns: predicted.", out + "</tbody>\n</table>");
}

std::string pairs(const Json& confused) {
  if (!confused.is_array() || confused.empty()) return "";
  std::string out =
      "<table>\n<thead><tr><th scope=\"col\" class=\"n\">Target</th><th scope=\"col\" "
      "class=\"n\">Taken for"
      "</th><th scope=\"col\" class=\"n\">Times</th></tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < std::min(confused.size(), kMostPairs); ++i) {
    out += "<tr>" + count_cell(number_of(confused[i], "target")) +
           count_cell(number_of(confused[i], "predicted")) +
           count_cell(number_of(confused[i], "count")) + "</tr>\n";
  }
  return captioned("Most frequent mistakes", out + "</tbody>\n</table>");
}

/// The address of a picture that is part of the page; empty for anything else.
std::string picture(const Json& sample) {
  const std::string address = string_of(sample, "image");
  constexpr std::string_view kStart = "data:image/png;base64,";
  if (!address.starts_with(kStart) || address.size() > kLargestImage) return "";
  const bool is_base64 = std::all_of(address.begin() + kStart.size(), address.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
  });
  return is_base64 ? address : "";
}

std::string worst_samples(const Json& worst) {
  if (!worst.is_array() || worst.empty()) return "";
  std::string out =
      "<h3>Farthest from right</h3>\n<p class=\"note\">The samples whose true class got "
      "the lowest probability.</p>\n<ul class=\"samples\">\n";
  for (std::size_t i = 0; i < std::min(worst.size(), kMostSamples); ++i) {
    const Json& sample = worst[i];
    const std::string target = rounded(number_of(sample, "target"));
    const std::string predicted = rounded(number_of(sample, "predicted"));
    const std::string index = rounded(number_of(sample, "index"));
    const std::string image = picture(sample);
    out += "<li><figure>";
    if (!image.empty()) {
      out += "<img src=\"" + image + "\" alt=\"Sample " + index + " of class " + target + "\">";
    }
    out += "<figcaption><strong>" + target + "</strong> " +
           (target == predicted ? "recognized" : "taken for <strong>" + predicted + "</strong>") +
           "<br><small>p = " + number(number_of(sample, "probability")) + "<br>sample " + index +
           "</small></figcaption></figure></li>\n";
  }
  return out + "</ul>\n";
}

}  // namespace

std::string classification(const RunData& run) {
  const Matrix matrix = matrix_of(member(run.classification, "confusion"));
  std::string out;
  if (!matrix.empty()) {
    out += "<div class=\"pair\"><div>" + heat_map(matrix) +
           "<details><summary>Numbers</summary>\n" + matrix_table(matrix) + "</details></div>\n" +
           pairs(member(run.classification, "confused")) + "</div>\n";
  } else {
    out += pairs(member(run.classification, "confused"));
  }
  out += worst_samples(member(run.classification, "worst"));
  if (out.empty()) return out;
  return "<p class=\"note\">Weights " + name(string_of(run.classification, "weights")) + " on " +
         name(string_of(run.classification, "split")) +
         ". Rows are the true classes, columns what was predicted.</p>\n" + out;
}

}  // namespace knack::host::html
