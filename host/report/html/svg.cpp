// SPDX-License-Identifier: MIT
// Charts as SVG: readable without scripts, sharp in print.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "host/report/html/axis.hpp"
#include "host/report/html/chart.hpp"
#include "host/report/html/text.hpp"
#include "host/report/html/thinning.hpp"

namespace knack::host::html {
namespace {

constexpr std::size_t kMostDrawn = 2000;
constexpr std::size_t kLongestLabel = 36;
constexpr double kLabelLetter = 6.4;
constexpr double kLabelHeight = 14;

/// "12.3", as SVG has it.
std::string length(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string attribute(const char* key, double value) {
  return std::string(" ") + key + "=\"" + length(value) + "\"";
}

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart) {
    width_ = chart.is_wide ? 960 : 470;
    height_ = chart.is_wide ? 340 : 220;
    has_labels_ = chart.is_wide && chart.curves.size() > 1 && chart.curves.size() <= 12;
    right_ = width_ - (has_labels_ ? label_room() : 14);
    bottom_ = height_ - 38;
    std::vector<const std::vector<double>*> xs;
    std::vector<const std::vector<double>*> ys;
    for (const Curve& curve : chart.curves) {
      xs.push_back(&curve.x);
      ys.push_back(&curve.y);
    }
    for (const Band& band : chart.bands) ys.insert(ys.end(), {&band.low, &band.high});
    x_ = exact_scale(xs);
    y_ = scale_around(ys, chart.is_log);
  }

  std::string text() {
    const std::string id = "svg-" + chart_.id;
    out_ = "<svg class=\"static\" role=\"img\" aria-labelledby=\"" + id + "-t " + id +
           "-d\" viewBox=\"0 0 " + length(width_) + " " + length(height_) + "\">\n<title id=\"" +
           id + "-t\">" + escaped(chart_.title) + "</title>\n<desc id=\"" + id + "-d\">" +
           escaped(described(chart_)) + "</desc>\n";
    draw_axes();
    for (const Band& band : chart_.bands) draw_band(band);
    for (const Curve& curve : chart_.curves) draw_curve(curve);
    if (has_labels_) draw_labels();
    return out_ + "</svg>\n";
  }

 private:
  static Scale exact_scale(const std::vector<const std::vector<double>*>& xs) {
    Scale scale{1e300, -1e300, false};
    for (const std::vector<double>* each : xs) {
      for (const double x : *each) {
        if (!is_drawn(x, false)) continue;
        scale.low = std::min(scale.low, x);
        scale.high = std::max(scale.high, x);
      }
    }
    if (scale.low > scale.high) return {0, 1, false};
    if (scale.low == scale.high) return {scale.low - 1, scale.high + 1, false};
    return scale;
  }

  /// Beside the curves, for the longest of their names.
  double label_room() const {
    std::size_t longest = 0;
    for (const Curve& curve : chart_.curves) longest = std::max(longest, curve.name.size());
    return std::max(110.0,
                    30 + kLabelLetter * static_cast<double>(std::min(longest, kLongestLabel)));
  }

  double across(double x) const {
    return left_ + x_.position(x) * (right_ - left_);
  }
  double down(double y) const {
    return bottom_ - y_.position(y) * (bottom_ - top_);
  }
  bool is_point(double x, double y) const {
    return is_drawn(x, false) && is_drawn(y, y_.is_log);
  }

  void draw_axes() {
    out_ += "<g class=\"axes\">\n";
    const std::vector<double> levels = ticks(y_, chart_.is_wide ? 6 : 4);
    const bool is_wide_log = y_.is_log && y_.high >= 10 * y_.low;
    const std::vector<std::string> level_labels = tick_labels(levels);
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const double y = down(levels[i]);
      out_ += "<path class=\"grid\" d=\"M" + length(left_) + " " + length(y) + "H" +
              length(right_) + "\"/><text class=\"end\"" + attribute("x", left_ - 8) +
              attribute("y", y + 4) + ">" +
              (is_wide_log ? tick_labels({levels[i]})[0] : level_labels[i]) + "</text>\n";
    }
    const double unit = chart_.x_of_epoch > 0 ? chart_.x_of_epoch : 1;
    const std::vector<double> marks =
        ticks({x_.low / unit, x_.high / unit, false}, chart_.is_wide ? 10 : 5, 1);
    const std::vector<std::string> mark_labels = tick_labels(marks);
    for (std::size_t i = 0; i < marks.size(); ++i) {
      const double x = across(marks[i] * unit);
      out_ += "<path class=\"tick\" d=\"M" + length(x) + " " + length(bottom_) + "v4\"/>" +
              "<text class=\"middle\"" + attribute("x", x) + attribute("y", bottom_ + 17) + ">" +
              mark_labels[i] + "</text>\n";
    }
    out_ += "<path class=\"base\" d=\"M" + length(left_) + " " + length(bottom_) + "H" +
            length(right_) + "\"/><text class=\"middle name\"" +
            attribute("x", (left_ + right_) / 2) + attribute("y", height_ - 5) + ">" +
            escaped(chart_.x_of_epoch > 0 ? "epoch" : chart_.x_name) + "</text>\n</g>\n";
  }

  void draw_band(const Band& band) {
    std::string there;
    std::vector<std::string> back;
    for (const std::size_t i : thinned(band.x, band.high, kMostDrawn)) {
      if (!is_point(band.x[i], band.low[i]) || !is_point(band.x[i], band.high[i])) continue;
      const std::string x = length(across(band.x[i]));
      there += (there.empty() ? "M" : "L") + x + " " + length(down(band.high[i]));
      back.push_back("L" + x + " " + length(down(band.low[i])));
    }
    if (there.empty()) return;
    for (auto part = back.rbegin(); part != back.rend(); ++part) there += *part;
    out_ += "<path class=\"band " + style_class(band.style) + "\" d=\"" + there + "Z\"/>\n";
  }

  void draw_curve(const Curve& curve) {
    const std::vector<std::size_t> kept = thinned(curve.x, curve.y, kMostDrawn);
    std::string path;
    std::string markers;
    std::size_t count = 0;
    bool is_connected = false;
    const auto has_point = [&](std::size_t k) {
      return k < kept.size() && is_point(curve.x[kept[k]], curve.y[kept[k]]);
    };
    for (std::size_t k = 0; k < kept.size(); ++k) {
      if (!has_point(k)) {
        is_connected = false;
        continue;
      }
      const std::size_t i = kept[k];
      const double x = across(curve.x[i]);
      const double y = down(curve.y[i]);
      path += (is_connected ? "L" : "M") + length(x) + " " + length(y);
      const bool is_alone = !is_connected && !has_point(k + 1);
      is_connected = true;
      ++count;
      const double size = curve.kind == Curve::Kind::point ? 5 : 2.4;
      if (kept.size() <= kMostMarkers || is_alone) markers += marker(curve.style, x, y, size);
    }
    if (count == 0) return;
    const char* kind = curve.kind == Curve::Kind::background ? " background" : "";
    out_ += "<g class=\"curve " + style_class(curve.style) + kind + "\">";
    if (curve.kind != Curve::Kind::point) out_ += "<path class=\"line\" d=\"" + path + "\"/>";
    if (curve.kind != Curve::Kind::background || count == 1) {
      out_ += "<g class=\"markers\">" + markers + "</g>";
    }
    out_ += "</g>\n";
  }

  /// The name of each curve beside its end, moved apart where they would meet.
  void draw_labels() {
    struct Label {
      double y;
      const Curve* curve;
    };
    std::vector<Label> labels;
    for (const Curve& curve : chart_.curves) {
      if (curve.kind == Curve::Kind::background) continue;
      for (std::size_t i = curve.y.size(); i-- > 0;) {
        if (!is_point(curve.x[i], curve.y[i])) continue;
        labels.push_back({down(curve.y[i]), &curve});
        break;
      }
    }
    std::stable_sort(labels.begin(), labels.end(),
                     [](const Label& a, const Label& b) { return a.y < b.y; });
    double room = top_ + 4;
    for (Label& label : labels) {
      label.y = std::max(label.y, room);
      room = label.y + kLabelHeight;
    }
    room = bottom_;
    for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
      label->y = std::min(label->y, room);
      room = label->y - kLabelHeight;
    }
    for (const Label& label : labels) {
      out_ += "<g class=\"curve " + style_class(label.curve->style) + "\"><g class=\"markers\">" +
              marker(label.curve->style, right_ + 14, label.y, 3) +
              "</g></g><text class=\"label\"" + attribute("x", right_ + 22) +
              attribute("y", label.y + 4) + ">" +
              escaped(label.curve->name.substr(0, kLongestLabel)) + "</text>\n";
    }
  }

  const Chart& chart_;
  std::string out_;
  Scale x_;
  Scale y_;
  double width_;
  double height_;
  double left_ = 58;
  double top_ = 10;
  double right_;
  double bottom_;
  bool has_labels_;
};

}  // namespace

const std::vector<std::pair<double, double>>& marker_corners(int shape) {
  static const std::vector<std::vector<std::pair<double, double>>> kShapes = {
      {},
      {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}},
      {{0, -1.3}, {1.2, 0.9}, {-1.2, 0.9}},
      {{0, -1.4}, {1.4, 0}, {0, 1.4}, {-1.4, 0}},
      {{0, 1.3}, {-1.2, -0.9}, {1.2, -0.9}},
      {{-0.5, -1.3},
       {0.5, -1.3},
       {0.5, -0.5},
       {1.3, -0.5},
       {1.3, 0.5},
       {0.5, 0.5},
       {0.5, 1.3},
       {-0.5, 1.3},
       {-0.5, 0.5},
       {-1.3, 0.5},
       {-1.3, -0.5},
       {-0.5, -0.5}}};
  return kShapes[static_cast<std::size_t>(shape) % kShapes.size()];
}

std::string marker(const Style& style, double x, double y, double size) {
  std::string path;
  for (const auto& [dx, dy] : marker_corners(style.shape)) {
    path += (path.empty() ? "M" : "L") + length(x + dx * size) + " " + length(y + dy * size);
  }
  return path.empty()
             ? "<circle" + attribute("cx", x) + attribute("cy", y) + attribute("r", size) + "/>"
             : "<path d=\"" + path + "Z\"/>";
}

std::string svg(const Chart& chart) {
  return Drawing(chart).text();
}

}  // namespace knack::host::html
