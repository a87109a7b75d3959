// SPDX-License-Identifier: MIT
#include "host/report/html/report_html.hpp"

#include "host/checkpoint/atomic_file.hpp"
#include "host/report/html/page.hpp"
#include "host/report/html/run_charts.hpp"
#include "host/report/html/run_results.hpp"
#include "host/report/html/sections.hpp"
#include "host/report/html/text.hpp"

namespace knack::host {
namespace {

std::string figures(const std::vector<html::Chart>& charts) {
  if (charts.empty()) return "";
  std::string out = "<div class=\"charts\">\n";
  for (const html::Chart& chart : charts) out += html::figure(chart);
  return out + "</div>\n";
}

/// What a reader of the curves should know before believing them.
std::string notes_on_curves(const RunData& run, bool has_curves) {
  const MetricStreams& metrics = run.metrics;
  if (!run.has_metrics_file) {
    return "<p class=\"note\">There is nothing to draw: the run folder has no "
           "<code>metrics.jsonl</code>.</p>\n";
  }
  std::string out;
  if (metrics.refused > 0) {
    const std::uint64_t lines = metrics.refused + metrics.records + metrics.left_out;
    out += "<p class=\"note damaged\">" + std::to_string(metrics.refused) + " of " +
           std::to_string(lines) +
           " lines of <code>metrics.jsonl</code> are unreadable: points may be missing here and "
           "numbers above.</p>\n";
  }
  if (!has_curves) {
    out += html::state_of(run) == "failed"
               ? "<p class=\"note\">There is nothing to draw: the run failed before the end of its "
                 "first epoch.</p>\n"
               : "<p class=\"note\">There is nothing to draw yet: the first numbers come with the "
                 "first epoch.</p>\n";
  }
  return out;
}

}  // namespace

std::string report_html(const RunData& run) {
  using html::section;
  std::vector<html::Chart> charts = html::metric_charts(run);
  const std::vector<html::Chart> training = html::training_charts(run);
  std::string body = "<main>\n" + html::headline(run);
  body += section("sets", "Weight sets", html::weight_sets(run));
  body += section("curves", "Curves", notes_on_curves(run, !charts.empty()) + figures(charts));
  body += section("training", "Training", figures(training));
  body += section("tricks", "Tricks", html::tricks(run));
  body += section("classification", "Classification", html::classification(run));
  body += section("warnings", "Warnings", html::warnings(run));
  body += section("plugins", "Plugins", html::plugins(run));
  body += section("machine", "Machine", html::machine(run));
  body += section("recipe", "Recipe", html::recipe(run));
  body += "</main>\n";
  charts.insert(charts.end(), training.begin(), training.end());
  const std::string title = html::string_of(run.recipe, "name");
  return html::page((title.empty() ? "run" : title) + " " + run.folder, body, charts);
}

std::filesystem::path report_file(const RunFolder& folder) {
  return folder.path() / "report.html";
}

void write_report(const RunFolder& folder) {
  write_file_atomically(report_file(folder), report_html(read_run(folder)));
}

}  // namespace knack::host
