// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "host/report/html/comparison.hpp"
#include "host/report/html/page.hpp"
#include "host/report/html/run_charts.hpp"
#include "host/report/html/run_results.hpp"
#include "host/report/html/text.hpp"

namespace knack::host {
namespace {

using html::Chart;
using html::Curve;

constexpr std::size_t kMostCurves = 12;
constexpr std::size_t kMostCharts = 12;

/// Values by epoch of all runs of a group where they are finite.
using ByEpoch = std::map<double, std::vector<double>>;

ByEpoch by_epoch(const Comparison& comparison, std::size_t group, const std::string& set,
                 const std::string& metric, bool is_final) {
  ByEpoch values;
  for (const std::size_t index : comparison.groups[group].runs) {
    const MetricStreams& metrics = comparison.runs[index].data.metrics;
    const MetricStream* stream = metrics.find("valid", set, is_final);
    const MetricColumn* column = stream == nullptr ? nullptr : stream->column(metric);
    if (column == nullptr) continue;
    for (std::size_t i = 0; i < column->value.size(); ++i) {
      const double epoch = stream->epoch[column->row[i]];
      const double value = column->value[i];
      if (std::isfinite(epoch) && std::isfinite(value)) values[epoch].push_back(value);
    }
  }
  return values;
}

/// The mean at each epoch that as many runs have as any, and how far the runs lie apart.
void add_mean(Chart& chart, const ByEpoch& values, const std::string& name, html::Style style,
              bool is_point) {
  if (values.empty()) return;
  std::size_t count = 0;
  for (const auto& [epoch, each] : values) count = std::max(count, each.size());
  Curve curve;
  curve.name = name;
  curve.kind = is_point ? Curve::Kind::point : Curve::Kind::line;
  curve.style = style;
  html::Band band{name, curve.style, {}, {}, {}};
  for (const auto& [epoch, each] : values) {
    if (each.size() != count) continue;
    curve.x.push_back(epoch);
    curve.epoch.push_back(epoch);
    curve.y.push_back(mean(each));
    band.x.push_back(epoch);
    band.low.push_back(*std::min_element(each.begin(), each.end()));
    band.high.push_back(*std::max_element(each.begin(), each.end()));
  }
  if (count > 1 && !is_point) chart.bands.push_back(std::move(band));
  chart.curves.push_back(std::move(curve));
}

/// Weight sets of a group: with curves, or at the end alone.
std::vector<std::string> sets_of(const Comparison& comparison, std::size_t group, bool is_final) {
  std::vector<std::string> sets;
  for (const std::size_t index : comparison.groups[group].runs) {
    const RunData& run = comparison.runs[index].data;
    for (const std::string& set : html::ordered_sets(run)) {
      const bool has_curve = run.metrics.find("valid", set, false) != nullptr;
      const bool has_end = run.metrics.find("valid", set, true) != nullptr;
      const bool is_new = std::find(sets.begin(), sets.end(), set) == sets.end();
      if (is_new && (is_final ? has_end && !has_curve : has_curve)) sets.push_back(set);
    }
  }
  return sets;
}

/// A number for each weight set of any run, "live" first.
std::map<std::string, int> set_numbers(const Comparison& comparison) {
  std::map<std::string, int> numbers;
  for (const ComparedRun& run : comparison.runs) {
    for (const std::string& set : html::ordered_sets(run.data)) {
      numbers.emplace(set, static_cast<int>(numbers.size()));
    }
  }
  return numbers;
}

/// Groups are told apart by colour, weight sets by dashes and markers.
Chart metric_chart(const Comparison& comparison, const std::string& metric, std::size_t number) {
  Chart chart;
  chart.id = "chart-" + std::to_string(number);
  chart.title = metric + " on valid";
  chart.x_name = "epoch";
  chart.is_wide = true;
  const std::map<std::string, int> numbers = set_numbers(comparison);
  const bool has_groups = comparison.groups.size() > 1;
  bool has_all = true;
  for (const bool is_final : {false, true}) {
    for (std::size_t group = 0; group < comparison.groups.size(); ++group) {
      for (const std::string& set : sets_of(comparison, group, is_final)) {
        has_all = has_all && chart.curves.size() < kMostCurves;
        if (!has_all) continue;
        const int shape = numbers.at(set);
        const std::string name = has_groups ? comparison.groups[group].title + ": " + set : set;
        add_mean(chart, by_epoch(comparison, group, set, metric, is_final), name,
                 {has_groups ? static_cast<int>(group) : shape, shape}, is_final);
      }
    }
  }
  if (metric == "loss") html::choose_scale(chart);
  if (!chart.bands.empty()) {
    chart.caption = "Means of the runs of a group; the bands reach from the lowest to the highest.";
  }
  if (!has_all) chart.caption += " The first " + std::to_string(kMostCurves) + " curves.";
  return chart;
}

std::vector<Chart> charts_of(const Comparison& comparison) {
  std::vector<std::string> metrics;
  for (const ComparedRun& run : comparison.runs) {
    std::vector<std::string> candidates = {"loss", html::monitored_metric(run.data)};
    const auto sets = html::evaluated_sets(run.data, false);
    for (const std::string& metric : html::evaluated_metrics(run.data, sets, "valid", false)) {
      candidates.push_back(metric);
    }
    for (const std::string& metric : candidates) {
      if (std::find(metrics.begin(), metrics.end(), metric) == metrics.end()) {
        metrics.push_back(metric);
      }
    }
  }
  std::vector<Chart> charts;
  for (const std::string& metric : metrics) {
    if (charts.size() == kMostCharts) break;
    Chart chart = metric_chart(comparison, metric, charts.size() + 1);
    if (html::has_points(chart)) charts.push_back(std::move(chart));
  }
  for (std::size_t i = 0, whole = charts.size(); i < whole; ++i) {
    Chart end = second_half(charts[i]);
    if (html::has_points(end)) charts.push_back(std::move(end));
  }
  return charts;
}

std::string estimate_cell(const RunGroup& group, const std::vector<double>& values) {
  const MeanEstimate estimate = estimate_of(group, values);
  std::string out = "<td class=\"n\">" + html::number(estimate.mean);
  if (std::isfinite(estimate.standard_deviation)) {
    out += " &#177; " + html::number(estimate.standard_deviation, estimate.mean) +
           "<br><small>95 %: " + html::measured(estimate.interval.low) + " to " +
           html::measured(estimate.interval.high) + "</small>";
  }
  return out + "</td>";
}

std::string group_name(const RunGroup& group) {
  return group.letter + (group.title == group.letter ? "" : " " + html::name(group.title));
}

/// "2", or "1 of 2" where a run of the group has no such results.
std::string count_text(const RunGroup& group, std::size_t count) {
  const std::string all = std::to_string(group.runs.size());
  return count == group.runs.size() ? all : std::to_string(count) + " of " + all;
}

std::string result_row(const Comparison& comparison, const GroupResult& row,
                       const std::vector<std::string>& metrics) {
  const RunGroup& group = comparison.groups[row.group];
  std::string cells;
  std::size_t count = 0;
  for (const std::string& metric : metrics) {
    const auto values = row.values.find(metric);
    const bool has_values = values != row.values.end() && !values->second.empty();
    cells += has_values ? estimate_cell(group, values->second) : "<td></td>";
    if (has_values) count = std::max(count, values->second.size());
  }
  const std::string chosen =
      std::to_string(row.chosen) + " of " + std::to_string(group.runs.size());
  return "<tr" + std::string(2 * row.chosen > group.runs.size() ? " class=\"chosen\"" : "") +
         "><th scope=\"row\">" + group_name(group) +
         (group.label == group.title ? "" : " <small>" + html::name(group.label) + "</small>") +
         "</th><td>" + (row.weights.empty() ? "<em>no evaluation</em>" : html::name(row.weights)) +
         (row.chosen > 0 ? " <span class=\"badge\">chosen " + chosen + "</span>" : "") +
         "</td><td class=\"n\">" + count_text(group, count) + "</td>" + cells + "</tr>\n";
}

/// What the groups reached on a split; for "valid", also groups that reached nothing.
std::string results_table(const Comparison& comparison, const std::string& split) {
  std::vector<GroupResult> rows;
  std::set<std::string> names;
  std::set<std::size_t> groups;
  for (const GroupResult& result : comparison.results) {
    groups.insert(result.group);
    if (result.split != split) continue;
    rows.push_back(result);
    for (const auto& [metric, values] : result.values) names.insert(metric);
  }
  for (std::size_t group = 0; split == "valid" && group < comparison.groups.size(); ++group) {
    if (!groups.contains(group)) rows.push_back({group, "", split, 0, {}});
  }
  if (rows.empty()) return "";
  const std::vector<std::string> metrics(names.begin(), names.end());
  std::string out =
      "<table class=\"sets groups\">\n<thead><tr><th scope=\"col\">Group</th><th "
      "scope=\"col\">Weights</th><th scope=\"col\" "
      "class=\"n\">Runs</th>";
  for (const std::string& metric : metrics) {
    out += "<th scope=\"col\" class=\"n\">" + html::name(metric) + "</th>";
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const GroupResult& row : rows) out += result_row(comparison, row, metrics);
  return html::captioned("On " + split +
                             ": mean over the runs of a group, &#177; their standard deviation, "
                             "and the 95 % t interval "
                             "of the mean, which may reach beyond what the metric can.",
                         out + "</tbody>\n</table>");
}

std::string differences_table(const Comparison& comparison) {
  if (comparison.varied.empty()) {
    return "<p class=\"note\">The recipes differ in the seed at most.</p>\n";
  }
  std::string out = "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Key</th>";
  for (const RunGroup& group : comparison.groups) {
    out += "<th scope=\"col\">" + group_name(group) + "</th>";
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const VariedKey& varied : comparison.varied) {
    out += "<tr><th scope=\"row\"><code>" + html::escaped(varied.key) + "</code></th>";
    for (const nlohmann::ordered_json& value : varied.values) {
      const std::string text =
          value.is_null() ? "-"
          : value.is_object()
              ? "with"
              : value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
      out += "<td class=\"facts\"><code>" + html::escaped(text.substr(0, 400)) + "</code></td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table></div>\n";
}

std::string runs_table(const Comparison& comparison) {
  std::string out =
      "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Run</th><th "
      "scope=\"col\">Group</th>"
      "<th scope=\"col\" class=\"n\">Seed</th><th scope=\"col\">State</th><th "
      "scope=\"col\">Chosen</th>"
      "<th scope=\"col\" class=\"n\">Monitored</th><th scope=\"col\" "
      "class=\"n\">Time</th></tr></thead>\n"
      "<tbody>\n";
  for (const ComparedRun& run : comparison.runs) {
    const std::string chosen = html::string_of(run.data.summary, "chosen");
    const std::string monitored = html::monitored_metric(run.data);
    const MetricStream* stream =
        run.data.metrics.find("valid", html::leading_set(run.data), html::has_final(run.data));
    out += "<tr><th scope=\"row\"><code>" + html::escaped(run.path) + "</code></th><td>" +
           comparison.groups[run.group].letter + "</td>" +
           html::count_cell(html::number_of(html::member(run.data.recipe, "trainer"), "seed")) +
           "<td>" + html::state_with_epoch(run.data) + "</td><td>" +
           (chosen.empty() ? "&#8211;" : html::name(chosen)) + "</td><td class=\"n\">" +
           html::name(monitored) + " " + html::number(html::last_value(stream, monitored)) +
           "</td><td class=\"n\">" + html::duration(html::training_seconds(run.data)) +
           "</td></tr>\n";
  }
  return out + "</tbody>\n</table></div>\n";
}

}  // namespace

std::string comparison_html(const Comparison& comparison) {
  using html::section;
  const std::vector<Chart> charts = charts_of(comparison);
  std::string figures;
  for (const Chart& chart : charts) figures += html::figure(chart);
  std::string remarks;
  for (const std::string& remark : comparison.remarks) {
    remarks += "<li>" + html::escaped(remark) + "</li>\n";
  }
  const std::string count = std::to_string(comparison.runs.size());
  const std::string groups = std::to_string(comparison.groups.size());
  std::string body = "<main>\n<header>\n<p class=\"kicker\">knack comparison</p>\n<h1>" + count +
                     (comparison.runs.size() == 1 ? " run" : " runs") +
                     "</h1>\n<p class=\"lead\">in " + groups +
                     (comparison.groups.size() == 1 ? " group" : " groups") +
                     ": runs that differ only in the seed are one group</p>\n</header>\n";
  body += section("sets", "Results", results_table(comparison, "valid"));
  body += section("differences", "What differs", differences_table(comparison));
  body += section("curves", "Curves",
                  figures.empty() ? "" : "<div class=\"charts\">\n" + figures + "</div>\n");
  body += section("test", "Results on test", results_table(comparison, "test"));
  body += section("runs", "Runs", runs_table(comparison));
  body += section("warnings", "Remarks", remarks.empty() ? "" : "<ul>\n" + remarks + "</ul>\n");
  return html::page(count + " runs", body + "</main>\n", charts);
}

}  // namespace knack::host
