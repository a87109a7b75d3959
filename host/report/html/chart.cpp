// SPDX-License-Identifier: MIT
#include "host/report/html/chart.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "host/report/html/axis.hpp"
#include "host/report/html/text.hpp"
#include "host/report/html/thinning.hpp"

namespace knack::host::html {
namespace {

constexpr std::size_t kMostRows = 200;
constexpr int kStyles = 6;

std::string place(const Curve& curve, std::size_t i, const Chart& chart) {
  const double epoch = i < curve.epoch.size() ? curve.epoch[i] : NAN;
  return std::isfinite(epoch) && chart.x_of_epoch > 0 ? "epoch " + rounded(epoch)
                                                      : chart.x_name + " " + rounded(curve.x[i]);
}

std::string described(const Curve& curve, const Chart& chart) {
  std::vector<std::size_t> points;
  for (std::size_t i = 0; i < curve.y.size(); ++i) {
    if (is_drawn(curve.y[i], chart.is_log)) points.push_back(i);
  }
  if (points.empty()) return curve.name + ": no numbers.";
  const auto below = [&](std::size_t a, std::size_t b) { return curve.y[a] < curve.y[b]; };
  const auto [lowest, highest] = std::minmax_element(points.begin(), points.end(), below);
  if (points.size() == 1) {
    return curve.name + ": " + measured(curve.y[points[0]]) + " at " +
           place(curve, points[0], chart) + ".";
  }
  return curve.name + ": from " + measured(curve.y[points.front()]) + " at " +
         place(curve, points.front(), chart) + " to " + measured(curve.y[points.back()]) + " at " +
         place(curve, points.back(), chart) + "; lowest " + measured(curve.y[*lowest]) + " at " +
         place(curve, *lowest, chart) + ", highest " + measured(curve.y[*highest]) + " at " +
         place(curve, *highest, chart) + ".";
}

bool has_markers(const Curve& curve) {
  return curve.kind == Curve::Kind::point ||
         (curve.kind == Curve::Kind::line && curve.x.size() <= kMostMarkers);
}

std::string legend(const Chart& chart) {
  std::string out =
      std::string("<ul class=\"legend") + (chart.curves.size() == 1 ? " single" : "") + "\">\n";
  for (const Curve& curve : chart.curves) {
    const bool is_point = curve.kind == Curve::Kind::point;
    out += "<li class=\"curve " + style_class(curve.style) +
           (curve.kind == Curve::Kind::background ? " background" : "") +
           "\"><svg class=\"key\" viewBox=\"0 0 26 10\" aria-hidden=\"true\">" +
           (is_point ? "" : "<path class=\"line\" d=\"M1 5H25\"/>") +
           (has_markers(curve)
                ? "<g class=\"markers\">" + marker(curve.style, 13, 5, is_point ? 4 : 2.6) + "</g>"
                : "") +
           "</svg><span class=\"what\">" + name(curve.name) + "</span></li>\n";
  }
  return out + "</ul>\n";
}

/// A note for curves that the page does not have whole.
std::string thinning_note(const Chart& chart) {
  std::string out;
  for (const Curve& curve : chart.curves) {
    if (curve.x.size() <= kMostPoints) continue;
    out += "<p class=\"note thinned\">" + name(curve.name) +
           ": the lowest and highest of each short stretch, of " +
           grouped(static_cast<double>(curve.x.size())) + " points; metrics.jsonl has all.</p>\n";
  }
  return out;
}

/// A row for every x of any curve, a column for each curve.
std::string table(const Chart& chart) {
  struct Row {
    double epoch = NAN;
    std::map<std::size_t, double> values;
  };
  std::map<double, Row> rows;
  std::vector<std::size_t> shown;
  for (std::size_t c = 0; c < chart.curves.size(); ++c) {
    const Curve& curve = chart.curves[c];
    if (curve.kind == Curve::Kind::background && chart.curves.size() > 1) continue;
    shown.push_back(c);
    for (const std::size_t i : evenly(curve.x.size(), 4 * kMostRows)) {
      Row& row = rows[curve.x[i]];
      if (i < curve.epoch.size() && std::isfinite(curve.epoch[i])) row.epoch = curve.epoch[i];
      row.values[c] = curve.y[i];
    }
  }
  std::vector<const std::pair<const double, Row>*> all;
  for (const auto& entry : rows) all.push_back(&entry);
  const std::vector<std::size_t> chosen = evenly(all.size(), kMostRows);
  const bool has_epochs = std::any_of(
      all.begin(), all.end(), [](const auto* entry) { return std::isfinite(entry->second.epoch); });
  const bool is_whole = chosen.size() == all.size() && all.size() <= 3 * kMostRows;
  std::string out = "<table>\n<thead><tr>";
  if (has_epochs && chart.x_name != "epoch") out += "<th scope=\"col\">epoch</th>";
  out += "<th scope=\"col\">" + escaped(chart.x_name) + "</th>";
  for (const std::size_t c : shown) {
    out += "<th scope=\"col\">" + name(chart.curves[c].name) + "</th>";
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const std::size_t r : chosen) {
    out += "<tr>";
    if (has_epochs && chart.x_name != "epoch") out += count_cell(all[r]->second.epoch);
    out += "<th scope=\"row\" class=\"n\"><data value=\"" + exact(all[r]->first) + "\">" +
           rounded(all[r]->first) + "</data></th>";
    for (const std::size_t c : shown) {
      const auto found = all[r]->second.values.find(c);
      out += found == all[r]->second.values.end() ? "<td></td>" : number_cell(found->second);
    }
    out += "</tr>\n";
  }
  return captioned(
      escaped(chart.title) + (is_whole ? "" : ": some of the rows; metrics.jsonl has all"),
      out + "</tbody>\n</table>");
}

/// Text as a JSON string that can stand in a script element.
std::string json_text(const std::string& text) {
  const std::string plain =
      nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  std::string safe;
  for (const char c : plain) safe += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return safe;
}

std::string json_numbers(const std::vector<double>& values, const std::vector<std::size_t>& kept) {
  std::string out = "[";
  for (const std::size_t i : kept) {
    if (out.size() > 1) out += ',';
    out += exact(values[i]);
  }
  return out + "]";
}

std::string style_data(const Style& style) {
  return "\"color\":" + std::to_string(style.color) + ",\"shape\":" + std::to_string(style.shape);
}

/// The corners of each shape, as the pictures have them.
std::string marker_data() {
  std::string out = "[";
  for (int shape = 0; shape < kStyles; ++shape) {
    out += shape == 0 ? "[" : ",[";
    for (const auto& [x, y] : marker_corners(shape)) {
      out += (out.back() == '[' ? "[" : ",[") + exact(x) + "," + exact(y) + "]";
    }
    out += "]";
  }
  return out + "]";
}

}  // namespace

bool has_points(const Chart& chart) {
  return std::any_of(chart.curves.begin(), chart.curves.end(), [&](const Curve& curve) {
    return std::any_of(curve.y.begin(), curve.y.end(),
                       [&](double y) { return is_drawn(y, chart.is_log); });
  });
}

std::string style_class(const Style& style) {
  return (style.color < 0 ? "c-grey" : "c" + std::to_string(style.color % kStyles)) + " d" +
         std::to_string(style.shape % kStyles) +
         (style.color >= kStyles || style.shape >= kStyles ? " again" : "");
}

std::string described(const Chart& chart) {
  std::string text = chart.caption.empty() ? "" : chart.caption + " ";
  if (chart.is_log) text += "Logarithmic scale. ";
  for (const Curve& curve : chart.curves) text += described(curve, chart) + " ";
  text.pop_back();
  return text;
}

std::string figure(const Chart& chart) {
  const std::string caption = chart.caption + (chart.is_log ? " Logarithmic scale." : "");
  return "<figure class=\"chart" + std::string(chart.is_wide ? " wide" : "") + "\" id=\"" +
         chart.id + "\">\n<figcaption><h3>" + escaped(chart.title) + "</h3>" +
         (caption.empty() ? "" : "<p>" + escaped(caption) + "</p>") + "</figcaption>\n" +
         legend(chart) + "<div class=\"plot\">\n" + svg(chart) + "</div>\n" + thinning_note(chart) +
         "<details><summary>Numbers</summary>\n" + table(chart) + "</details>\n</figure>\n";
}

std::string chart_data(const std::vector<Chart>& charts) {
  std::string out = "{\"schema_version\":1,\"markers\":" + marker_data() + ",\"charts\":[";
  for (const Chart& chart : charts) {
    if (out.back() != '[') out += ",\n";
    out += "{\"id\":" + json_text(chart.id) + ",\"title\":" + json_text(chart.title) +
           ",\"x\":" + json_text(chart.x_name) + ",\"x_of_epoch\":" + exact(chart.x_of_epoch) +
           ",\"log\":" + (chart.is_log ? "true" : "false") + ",\"curves\":[";
    for (const Curve& curve : chart.curves) {
      const std::vector<std::size_t> kept = thinned(curve.x, curve.y, kMostPoints);
      const char* kinds[] = {"line", "background", "point"};
      if (out.back() != '[') out += ",\n";
      out += "{\"name\":" + json_text(curve.name) + ",\"kind\":\"" +
             kinds[static_cast<int>(curve.kind)] + "\"," + style_data(curve.style) +
             ",\"markers\":" + (has_markers(curve) ? "true" : "false") +
             ",\"points\":" + std::to_string(curve.x.size()) +
             ",\"x\":" + json_numbers(curve.x, kept) + ",\"y\":" + json_numbers(curve.y, kept) +
             "}";
    }
    out += "],\"bands\":[";
    for (const Band& band : chart.bands) {
      const std::vector<std::size_t> kept = thinned(band.x, band.high, kMostPoints);
      if (out.back() != '[') out += ",\n";
      out += "{\"name\":" + json_text(band.name) + "," + style_data(band.style) +
             ",\"x\":" + json_numbers(band.x, kept) + ",\"low\":" + json_numbers(band.low, kept) +
             ",\"high\":" + json_numbers(band.high, kept) + "}";
    }
    out += "]}";
  }
  return out + "]}";
}

}  // namespace knack::host::html
