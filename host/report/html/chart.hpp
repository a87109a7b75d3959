// SPDX-License-Identifier: MIT
// A chart: what is drawn, without how.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace knack::host::html {

/// How a curve looks: six colours of the Okabe-Ito palette, six dashes with a shape of marker each;
/// further ones repeat, thinner.
struct Style {
  int color = 0;  ///< from 0; -1 is grey
  int shape = 0;  ///< of dashes and markers, from 0
};
constexpr Style kGreyStyle = {-1, 0};

/// Curves of at most so many points have a marker at each, others where a point stands alone.
constexpr std::size_t kMostMarkers = 40;

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
  Style style;
  std::vector<double> x;      ///< ascending
  std::vector<double> epoch;  ///< of each point; NaN where not known
  std::vector<double> y;      ///< NaN is a gap
};

/// An area between two curves with the same `x`.
struct Band {
  std::string name;
  Style style;
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

/// "c0 d0" to "c5 d5"; "c-grey d0".
std::string style_class(const Style& style);

/// The corners of a marker around (0, 0), for a size of 1; none for a circle.
const std::vector<std::pair<double, double>>& marker_corners(int shape);

/// A marker around a point, as SVG.
std::string marker(const Style& style, double x, double y, double size);

/// The chart in words, for those who cannot see it: each curve's first and last value and its
/// extremes. Text, not yet escaped.
std::string described(const Chart& chart);

/// The chart as inline SVG with title and description.
std::string svg(const Chart& chart);

/// The chart with its caption, legend, SVG and a table of its numbers.
std::string figure(const Chart& chart);

/// What the script draws: {"markers": [...], "charts": [...]}, numbers with every bit. Curves of
/// more than kMostPoints are thinned. Safe within a script element.
std::string chart_data(const std::vector<Chart>& charts);

}  // namespace knack::host::html
