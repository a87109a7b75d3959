// SPDX-License-Identifier: MIT
#include "host/report/html/run_charts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/report/html/axis.hpp"
#include "host/report/html/run_results.hpp"
#include "host/report/html/text.hpp"

namespace knack::host::html {
namespace {

constexpr std::size_t kMostOtherMetrics = 12;
constexpr std::size_t kMostReported = 12;
constexpr std::string_view kSeconds = ".seconds";

/// Steps of an epoch, when all epochs of the training have as many; else 0.
double steps_of_epoch(const MetricStreams& metrics) {
  const MetricStream* train = metrics.find("train", "live", false);
  if (train == nullptr || train->step.size() < 2) return 0;
  const double steps = train->step.front() / train->epoch.front();
  const bool is_same =
      steps > 0 && std::isfinite(steps) && train->step.back() == steps * train->epoch.back();
  return is_same ? steps : 0;
}

Chart begin_chart(const RunData& run, std::string id, std::string title, bool is_wide) {
  Chart chart;
  chart.id = std::move(id);
  chart.title = std::move(title);
  chart.is_wide = is_wide;
  chart.x_of_epoch = steps_of_epoch(run.metrics);
  return chart;
}

void add_curve(Chart& chart, const MetricStream* stream, std::string_view metric, std::string title,
               Style style, Curve::Kind kind = Curve::Kind::line) {
  if (stream == nullptr || stream->column(metric) == nullptr) return;
  Curve curve = curve_of(*stream, metric);
  curve.name = std::move(title);
  curve.style = style;
  curve.kind = kind;
  chart.curves.push_back(std::move(curve));
}

/// The records of single steps that have this number, where they tell more than those of epochs;
/// else null.
const MetricStream* step_stream(const MetricStreams& metrics, std::string_view metric) {
  const MetricStream* steps = metrics.find("step", "live", false);
  const MetricColumn* column = steps == nullptr ? nullptr : steps->column(metric);
  const MetricStream* train = metrics.find("train", "live", false);
  const std::size_t epochs = train == nullptr ? 0 : train->step.size();
  return column != nullptr && column->value.size() > epochs ? steps : nullptr;
}

/// The metric on `valid`: a curve for each set that was evaluated on the way, and a point for each
/// that exists at the end alone.
Chart metric_chart(const RunData& run, const std::string& metric, std::string id, bool is_wide) {
  const MetricStreams& metrics = run.metrics;
  Chart chart = begin_chart(run, std::move(id), metric, is_wide);
  if (is_wide) {
    add_curve(chart, step_stream(metrics, metric), metric, "train, by step", kGreyStyle,
              Curve::Kind::background);
    add_curve(chart, metrics.find("train", "live", false), metric, "train", kGreyStyle);
  }
  const std::map<std::string, Style> styles = set_styles(run);
  for (const MetricStream& stream : metrics.streams) {
    if (stream.split != "valid" || stream.is_final) continue;
    add_curve(chart, &stream, metric, stream.weights, styles.at(stream.weights));
  }
  for (const MetricStream& stream : metrics.streams) {
    const bool is_point = stream.split == "valid" && stream.is_final &&
                          metrics.find("valid", stream.weights, false) == nullptr;
    if (!is_point) continue;
    add_curve(chart, &stream, metric, stream.weights, styles.at(stream.weights),
              Curve::Kind::point);
  }
  return chart;
}

/// Numbers of `valid`, in the order of the file.
std::vector<std::string> valid_metrics(const MetricStreams& metrics) {
  std::vector<std::string> names;
  for (const MetricStream& stream : metrics.streams) {
    if (stream.split != "valid") continue;
    for (const MetricColumn& column : stream.columns) {
      if (std::find(names.begin(), names.end(), column.metric) == names.end()) {
        names.push_back(column.metric);
      }
    }
  }
  return names;
}

/// A chart of one number of the training; from the records of single steps where there are any.
Chart training_chart(const RunData& run, const std::string& metric, const std::string& title,
                     std::string caption) {
  Chart chart = begin_chart(run, "chart-" + metric, title, false);
  chart.caption = std::move(caption);
  const MetricStream* steps = step_stream(run.metrics, metric);
  add_curve(chart, steps != nullptr ? steps : run.metrics.find("train", "live", false), metric,
            title, {});
  std::replace(chart.id.begin(), chart.id.end(), '_', '-');
  return chart;
}

void add_reported(const RunData& run, std::vector<Chart>& charts) {
  const MetricStream* train = run.metrics.find("train", "live", false);
  if (train == nullptr) return;
  Chart seconds = begin_chart(run, "chart-trick-seconds", "Seconds in each trick, by epoch", false);
  seconds.caption = "Of an epoch's training, and of the evaluations after the epoch before.";
  seconds.is_log = true;
  std::size_t count = 0;
  for (const MetricColumn& column : train->columns) {
    const std::string& metric = column.metric;
    if (metric.find('.') == std::string::npos) continue;
    if (metric.ends_with(kSeconds)) {
      const int number = static_cast<int>(seconds.curves.size());
      add_curve(seconds, train, metric, metric.substr(0, metric.size() - kSeconds.size()),
                {number, number});
      continue;
    }
    if (++count > kMostReported) continue;
    Chart chart = begin_chart(run, "chart-reported-" + std::to_string(count), metric, false);
    add_curve(chart, train, metric, metric, {});
    charts.push_back(std::move(chart));
  }
  std::erase_if(seconds.curves, [](const Curve& curve) {
    return std::none_of(curve.y.begin(), curve.y.end(), [](double y) { return is_drawn(y, true); });
  });
  charts.push_back(std::move(seconds));
}

void drop_empty(std::vector<Chart>& charts) {
  std::erase_if(charts, [](const Chart& chart) { return !has_points(chart); });
}

}  // namespace

std::vector<std::string> ordered_sets(const RunData& run) {
  std::vector<std::string> candidates = {"live"};
  const nlohmann::ordered_json& ended = member(run.summary, "sets");
  if (ended.is_object()) {
    for (const auto& [set, results] : ended.items()) candidates.push_back(set);
  }
  const nlohmann::ordered_json& tricks = member(run.recipe, "tricks");
  if (tricks.is_array()) {
    for (const nlohmann::ordered_json& trick : tricks) {
      candidates.push_back(string_of(trick, "publish"));
      candidates.push_back(string_of(trick, "name"));
    }
  }
  std::vector<std::string> evaluated = evaluated_sets(run, false);
  const std::vector<std::string> at_end = evaluated_sets(run, true);
  evaluated.insert(evaluated.end(), at_end.begin(), at_end.end());
  candidates.insert(candidates.end(), evaluated.begin(), evaluated.end());
  std::vector<std::string> sets;
  for (const std::string& set : candidates) {
    const bool is_new = std::find(sets.begin(), sets.end(), set) == sets.end();
    const bool is_known = std::find(evaluated.begin(), evaluated.end(), set) != evaluated.end();
    if (is_new && is_known) sets.push_back(set);
  }
  return sets;
}

std::map<std::string, Style> set_styles(const RunData& run) {
  std::map<std::string, Style> styles;
  for (const std::string& set : ordered_sets(run)) {
    const int number = static_cast<int>(styles.size());
    styles.emplace(set, Style{number, number});
  }
  return styles;
}

Curve curve_of(const MetricStream& stream, std::string_view metric) {
  Curve curve;
  const MetricColumn* column = stream.column(metric);
  if (column == nullptr) return curve;
  std::vector<std::size_t> order(column->row.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto step = [&](std::size_t i) { return stream.step[column->row[i]]; };
  const auto before = [&](std::size_t a, std::size_t b) { return step(a) < step(b); };
  if (!std::is_sorted(order.begin(), order.end(), before)) {
    std::stable_sort(order.begin(), order.end(), before);
  }
  for (const std::size_t i : order) {
    if (!curve.x.empty() && curve.x.back() == step(i)) continue;
    curve.x.push_back(step(i));
    curve.epoch.push_back(stream.epoch[column->row[i]]);
    curve.y.push_back(column->value[i]);
  }
  return curve;
}

void choose_scale(Chart& chart) {
  double first = NAN;
  std::vector<const std::vector<double>*> all;
  for (const Curve& curve : chart.curves) {
    all.push_back(&curve.y);
    if (curve.kind != Curve::Kind::line || curve.x.empty()) continue;
    first = std::isnan(first) ? curve.x.front() : std::min(first, curve.x.front());
  }
  std::vector<double> later;
  for (const Curve& curve : chart.curves) {
    for (std::size_t i = 0; i < curve.y.size(); ++i) {
      if (curve.y[i] <= 0) return;
      if (curve.x[i] > first) later.push_back(curve.y[i]);
    }
  }
  const Scale whole = scale_around(all, false);
  const Scale rest = scale_around({&later}, false);
  chart.is_log = !later.empty() && rest.high - rest.low < 0.4 * (whole.high - whole.low);
}

Chart second_half(const Chart& chart) {
  Chart half = chart;
  half.id += "-end";
  half.title += ", second half";
  half.caption = "The same curves, where they lie close together.";
  half.is_wide = false;
  half.is_log = false;
  double last = 0;
  std::vector<const std::vector<double>*> all;
  std::vector<const std::vector<double>*> kept;
  for (const Curve& curve : chart.curves) {
    if (!curve.x.empty()) last = std::max(last, curve.x.back());
    all.push_back(&curve.y);
  }
  const auto drop_first_half = [&](std::vector<double>& x,
                                   std::initializer_list<std::vector<double>*> others) {
    const auto count = std::lower_bound(x.begin(), x.end(), last / 2) - x.begin();
    x.erase(x.begin(), x.begin() + count);
    for (std::vector<double>* each : others) each->erase(each->begin(), each->begin() + count);
  };
  std::erase_if(half.curves,
                [](const Curve& curve) { return curve.kind == Curve::Kind::background; });
  for (Curve& curve : half.curves) {
    drop_first_half(curve.x, {&curve.epoch, &curve.y});
    kept.push_back(&curve.y);
  }
  for (Band& band : half.bands) drop_first_half(band.x, {&band.low, &band.high});
  const Scale whole = scale_around(all, chart.is_log);
  const Scale end = scale_around(kept, chart.is_log);
  if (whole.position(end.high) - whole.position(end.low) > 0.4) half.curves.clear();
  return half;
}

std::vector<Chart> metric_charts(const RunData& run) {
  std::vector<Chart> charts;
  charts.push_back(metric_chart(run, "loss", "chart-loss", true));
  charts.back().title = "Loss";
  charts.back().caption =
      "Validation loss of each weight set, and the training loss as it was minimized.";
  choose_scale(charts.back());
  const std::string monitored = monitored_metric(run);
  if (monitored != "loss") {
    charts.push_back(metric_chart(run, monitored, "chart-monitored", true));
    charts.back().caption = std::string("The monitored metric on the validation data: ") +
                            (higher_is_better(run) ? "higher" : "lower") + " is better.";
  }
  for (std::size_t i = 0, wide = charts.size(); i < wide; ++i) {
    Chart end = second_half(charts[i]);
    charts.push_back(std::move(end));
  }
  std::size_t count = 0;
  for (const std::string& metric : valid_metrics(run.metrics)) {
    if (metric == "loss" || metric == monitored || ++count > kMostOtherMetrics) continue;
    charts.push_back(metric_chart(run, metric, "chart-metric-" + std::to_string(count), false));
  }
  drop_empty(charts);
  return charts;
}

std::vector<Chart> training_charts(const RunData& run) {
  std::vector<Chart> charts;
  charts.push_back(training_chart(run, "lr", "Learning rate", "Of the first parameter group."));
  charts.push_back(training_chart(run, "grad_norm", "Gradient norm",
                                  "L2 norm of the whole gradient of a step, before any change."));
  charts.back().is_log = true;
  charts.push_back(training_chart(run, "samples_per_second", "Samples per second",
                                  "Training samples; evaluation is not counted."));
  add_reported(run, charts);
  drop_empty(charts);
  return charts;
}

}  // namespace knack::host::html
