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

/// Values by epoch of all runs of a group that have them.
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
      if (std::isfinite(epoch)) values[epoch].push_back(column->value[i]);
    }
  }
  return values;
}

/// The mean at each epoch that as many runs have as the first, and how far the runs lie apart.
void add_mean(Chart& chart, const ByEpoch& values, const std::string& name, bool is_point) {
  if (values.empty()) return;
  const std::size_t count = values.begin()->second.size();
  Curve curve;
  curve.name = name;
  curve.kind = is_point ? Curve::Kind::point : Curve::Kind::line;
  curve.style = static_cast<int>(chart.curves.size());
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
    for (const std::string& set : html::evaluated_sets(run, is_final)) {
      const bool has_curve = run.metrics.find("valid", set, false) != nullptr;
      const bool is_new = std::find(sets.begin(), sets.end(), set) == sets.end();
      if (is_new && has_curve != is_final) sets.push_back(set);
    }
  }
  return sets;
}

Chart metric_chart(const Comparison& comparison, const std::string& metric, std::size_t number) {
  Chart chart;
  chart.id = "chart-" + std::to_string(number);
  chart.title = metric + " on valid";
  chart.x_name = "epoch";
  chart.is_wide = true;
  const bool has_repetitions =
      std::any_of(comparison.groups.begin(), comparison.groups.end(),
                  [](const RunGroup& group) { return group.runs.size() > 1; });
  if (has_repetitions) {
    chart.caption = "Means of the runs of a group; the bands reach from the lowest to the highest.";
  }
  for (const bool is_final : {false, true}) {
    for (std::size_t group = 0; group < comparison.groups.size(); ++group) {
      for (const std::string& set : sets_of(comparison, group, is_final)) {
        if (chart.curves.size() == kMostCurves) continue;
        add_mean(chart, by_epoch(comparison, group, set, metric, is_final),
                 comparison.groups[group].letter + " " + set, is_final);
      }
    }
  }
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

/// Columns of the tables: every metric of every split.
std::vector<std::pair<std::string, std::string>> columns_of(const Comparison& comparison) {
  std::vector<std::pair<std::string, std::string>> columns;
  for (const char* split : {"valid", "test"}) {
    std::set<std::string> metrics;
    for (const GroupResult& result : comparison.results) {
      if (result.split != split) continue;
      for (const auto& [metric, values] : result.values) metrics.insert(metric);
    }
    for (const std::string& metric : metrics) columns.emplace_back(split, metric);
  }
  return columns;
}

std::string head(const std::vector<std::pair<std::string, std::string>>& columns,
                 const std::vector<std::string>& first) {
  std::string out = "<thead><tr>";
  for (const std::string& title : first) out += "<th scope=\"col\">" + title + "</th>";
  for (const auto& [split, metric] : columns) {
    out += "<th scope=\"col\" class=\"n\">" + split + "<br>" + html::name(metric) + "</th>";
  }
  return out + "</tr></thead>\n";
}

std::string estimate_cell(const std::vector<double>& values) {
  const MeanEstimate estimate = estimate_mean(values);
  std::string out = "<td class=\"n\">" + html::number(estimate.mean);
  if (estimate.count > 1) {
    out += "<br><small title=\"95 % interval of the mean\">" +
           html::measured(estimate.interval.low) + " to " + html::measured(estimate.interval.high) +
           "</small>";
  }
  return out + "</td>";
}

std::string groups_table(const Comparison& comparison) {
  const auto columns = columns_of(comparison);
  std::string out =
      "<div class=\"scroll\"><table class=\"sets\">\n<caption>Means over the runs of each group, "
      "and "
      "the 95 % interval of the mean (Student's t) where there are several.</caption>\n" +
      head(columns, {"Group", "Weights", "Runs"}) + "<tbody>\n";
  std::set<std::pair<std::size_t, std::string>> done;
  for (const GroupResult& row : comparison.results) {
    if (!done.emplace(row.group, row.weights).second) continue;
    const RunGroup& group = comparison.groups[row.group];
    const bool is_usual = 2 * row.chosen > group.runs.size();
    out += "<tr" + std::string(is_usual ? " class=\"chosen\"" : "") + "><th scope=\"row\">" +
           group.letter + " <small>" + html::name(group.label) + "</small></th><td>" +
           html::name(row.weights) +
           (row.chosen > 0 ? " <span class=\"badge\">chosen " + std::to_string(row.chosen) +
                                 " of " + std::to_string(group.runs.size()) + "</span>"
                           : "") +
           "</td><td class=\"n\">" + std::to_string(group.runs.size()) + "</td>";
    for (const auto& [split, metric] : columns) {
      std::string cell = "<td></td>";
      for (const GroupResult& each : comparison.results) {
        const auto values = each.values.find(metric);
        if (each.group == row.group && each.weights == row.weights && each.split == split &&
            values != each.values.end()) {
          cell = estimate_cell(values->second);
        }
      }
      out += cell;
    }
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table></div>\n";
}

std::string differences_table(const Comparison& comparison) {
  if (comparison.varied.empty()) {
    return "<p class=\"note\">The recipes differ in the seed at most.</p>\n";
  }
  std::string out = "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Key</th>";
  for (const RunGroup& group : comparison.groups) {
    out += "<th scope=\"col\">" + group.letter + "</th>";
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const VariedKey& varied : comparison.varied) {
    out += "<tr><th scope=\"row\"><code>" + html::escaped(varied.key) + "</code></th>";
    for (const nlohmann::ordered_json& value : varied.values) {
      const std::string text =
          value.is_null()
              ? "-"
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
        run.data.metrics.find("valid", chosen.empty() ? "live" : chosen, html::has_final(run.data));
    out += "<tr><th scope=\"row\"><code>" + html::escaped(run.path) + "</code></th><td>" +
           comparison.groups[run.group].letter + "</td>" +
           html::count_cell(html::number_of(html::member(run.data.recipe, "trainer"), "seed")) +
           "<td>" + html::state_of(run.data) + "</td><td>" +
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
  body += section("sets", "Results", groups_table(comparison));
  body += section("differences", "What differs", differences_table(comparison));
  body += section("curves", "Curves",
                  figures.empty() ? "" : "<div class=\"charts\">\n" + figures + "</div>\n");
  body += section("runs", "Runs", runs_table(comparison));
  body += section("warnings", "Remarks", remarks.empty() ? "" : "<ul>\n" + remarks + "</ul>\n");
  return html::page(count + " runs", body + "</main>\n", charts);
}

}  // namespace knack::host
