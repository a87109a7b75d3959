// SPDX-License-Identifier: MIT
// A chart: what is drawn, without how.
#pragma once

#include <string>
#include <vector>

namespace knack::host::html {

/// Styles 0 to 5 are the colours of the Okabe-Ito palette, each with dashes of its own, which
/// further ones repeat; this one is grey.
constexpr int kGreyStyle = -1;

/// Of a curve in the data of a page; figure() says where there are more.
constexpr std::size_t kMostPoints = 20000;

struct Curve {
  enum class Kind {
    line,
    background,  ///< a thin line behind the others, and no part of the table
    point,       ///< single values, such as a set that exists at the end alone
  };
  std::string name;
  Kind kind = Kind::line;
  int style = 0;
  std::vector<double> x;      ///< ascending
  std::vector<double> epoch;  ///< of each point; NaN where not known
  std::vector<double> y;      ///< NaN is a gap
};

/// An area between two curves with the same `x`.
struct Band {
  std::string name;
  int style = 0;
  std::vector<double> x;
  std::vector<double> low;
  std::vector<double> high;
};

struct Chart {
  std::string id;               ///< unique in the page: letters, digits and hyphens
  std::string title;            ///< text
  std::string caption;          ///< one sentence; may be empty
  std::string unit;             ///< of y, in a word
  std::string x_name = "step";  ///< what x counts
  double x_of_epoch = 0;        ///< when not 0, the axis counts epochs of so many x
  bool is_log = false;
  bool is_wide = false;
  std::vector<Curve> curves;
  std::vector<Band> bands;
};

/// Whether there is a point that can be drawn.
bool has_points(const Chart& chart);

/// "s0" to "s5", and dashes; "s-grey".
std::string style_class(int style);

/// A small SVG shape around a point, another for each style.
std::string marker(int style, double x, double y, double size);

/// The chart in words, for those who cannot see it: each curve's first and last value and its
/// extremes. Text, not yet escaped.
std::string described(const Chart& chart);

/// The chart as inline SVG with title and description.
std::string svg(const Chart& chart);

/// The chart with its caption, legend, SVG and a table of its numbers.
std::string figure(const Chart& chart);

/// What the script draws: {"charts": [...]}, numbers with every bit. Curves of more than
/// kMostPoints are thinned. Safe within a script element.
std::string chart_data(const std::vector<Chart>& charts);

}  // namespace knack::host::html
