// SPDX-License-Identifier: MIT
// What came of the run: the headline and the table of weight sets.
#include <algorithm>
#include <cmath>
#include <vector>

#include "host/report/html/run_charts.hpp"
#include "host/report/html/run_results.hpp"
#include "host/report/html/sections.hpp"
#include "host/report/html/text.hpp"

namespace knack::host::html {
namespace {

/// The best value of the monitored metric on `valid` among a set's epochs.
struct Best {
  double value = NAN;
  double epoch = NAN;
};
Best best_epoch(const RunData& run, const std::string& set) {
  const MetricStream* stream = run.metrics.find("valid", set, false);
  const MetricColumn* column = stream == nullptr ? nullptr : stream->column(monitored_metric(run));
  Best best;
  if (column == nullptr) return best;
  const bool higher = higher_is_better(run);
  for (std::size_t i = 0; i < column->value.size(); ++i) {
    const double value = column->value[i];
    if (std::isnan(value)) continue;
    if (std::isnan(best.value) || (higher ? value > best.value : value < best.value)) {
      best = {value, stream->epoch[column->row[i]]};
    }
  }
  return best;
}

std::string figure_of(const std::string& what, const std::string& value,
                      const std::string& below = "") {
  return "<div><dt>" + what + "</dt><dd>" + value +
         (below.empty() ? "" : "<small>" + below + "</small>") + "</dd></div>\n";
}

/// What the weight sets reached on a split: at the end, or so far.
struct SetColumns {
  std::string split;
  std::vector<std::string> metrics;
};

std::string table_head(const std::vector<SetColumns>& splits, const std::string& monitored) {
  std::string groups = "<tr><th rowspan=\"2\" scope=\"col\">Weights</th>";
  std::string names = "<tr>";
  for (const SetColumns& each : splits) {
    if (each.metrics.empty()) continue;
    groups += "<th scope=\"colgroup\" class=\"group\" colspan=\"" +
              std::to_string(each.metrics.size()) + "\">" + name(each.split) + "</th>";
    for (const std::string& metric : each.metrics) {
      names += "<th scope=\"col\" class=\"n\">" + name(metric) + "</th>";
    }
  }
  return "<thead>" + groups + "<th rowspan=\"2\" scope=\"col\" class=\"n\">Best epoch<br><small>" +
         name(monitored) + " on valid</small></th></tr>\n" + names + "</tr></thead>\n";
}

}  // namespace

std::string headline(const RunData& run) {
  const std::string title = string_of(run.recipe, "name");
  const std::string monitored = monitored_metric(run);
  const nlohmann::ordered_json& trainer = member(run.recipe, "trainer");
  const double epochs = number_of(trainer, "epochs");
  std::string out = "<header>\n<p class=\"kicker\">knack training report</p>\n<h1>" +
                    name(title.empty() ? "run" : title) + "</h1>\n<p class=\"lead\">" +
                    name(string_of(member(run.recipe, "model"), "use")) +
                    " <span class=\"sep\">/</span> run <code>" + escaped(run.folder) +
                    "</code> <span class=\"sep\">/</span> <span class=\"state " + state_of(run) +
                    "\">" + state_of(run) + "</span>";
  if (!run.summary.is_object()) {
    const double epoch = last_epoch(run);
    out += std::isfinite(epoch) ? ", as of epoch " + rounded(epoch) + " of " + rounded(epochs)
                                : ", before the end of the first epoch";
  }
  out += "</p>\n";
  if (state_of(run) == "failed") {
    out += "<p class=\"note damaged\">" + escaped(run.failure) + "</p>\n";
  }
  out += "<dl class=\"figures\">\n";
  const std::string set = leading_set(run);
  const bool is_final = !string_of(run.summary, "chosen").empty();
  if (is_final || !evaluated_sets(run, false).empty()) {
    out += figure_of(is_final ? "Chosen weights" : "Best weights so far", name(set));
  }
  for (const char* split : {"valid", "test"}) {
    const double value = last_value(run.metrics.find(split, set, is_final), monitored);
    if (std::isnan(value)) continue;
    out += figure_of(name(monitored) + " on " + split, number(value),
                     is_final ? "" : name(set) + ", so far");
  }
  const Best best = best_epoch(run, set);
  if (std::isfinite(best.epoch)) {
    out += figure_of("Best epoch", rounded(best.epoch), name(set) + ", of " + rounded(epochs));
  }
  out += figure_of("Training time", duration(training_seconds(run)),
                   run.summary.is_object() ? "" : "so far");
  const double samples = number_of(run.summary, "samples");
  const double steps = number_of(run.summary, "steps");
  if (std::isfinite(steps)) {
    out += figure_of("Steps", grouped(steps), grouped(samples) + " samples");
  }
  return out + "</dl>\n</header>\n";
}

std::string weight_sets(const RunData& run) {
  const std::string chosen = string_of(run.summary, "chosen");
  const bool is_final = has_final(run);
  const std::vector<std::string> sets = evaluated_sets(run, is_final);
  if (sets.empty()) return "";
  const std::string monitored = monitored_metric(run);
  const std::map<std::string, Style> styles = set_styles(run);
  std::vector<SetColumns> splits;
  for (const char* split : {"valid", "test"}) {
    splits.push_back({split, evaluated_metrics(run, sets, split, is_final)});
  }
  std::string table = "<table class=\"sets\">\n" + table_head(splits, monitored) + "<tbody>\n";
  for (const std::string& set : sets) {
    const bool is_chosen = is_final && set == chosen;
    table += std::string("<tr") + (is_chosen ? " class=\"chosen\"" : "") + "><th scope=\"row\">" +
             "<svg class=\"key curve " + style_class(styles.at(set)) +
             "\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><g class=\"markers\">" +
             marker(styles.at(set), 5, 5, 3.4) + "</g></svg>" + name(set) +
             (is_chosen ? " <span class=\"badge\">chosen</span>" : "") + "</th>";
    for (const SetColumns& each : splits) {
      for (const std::string& metric : each.metrics) {
        table += number_cell(last_value(run.metrics.find(each.split, set, is_final), metric));
      }
    }
    const Best best = best_epoch(run, set);
    table += "<td class=\"n\">" +
             (std::isfinite(best.epoch)
                  ? rounded(best.epoch) + " <small>" + number(best.value) + "</small>"
                  : "&#8211;") +
             "</td></tr>\n";
  }
  std::string out = captioned(
      is_final ? "Every weight set at the end." : "Every weight set at its last evaluation.",
      table + "</tbody>\n</table>");
  const std::string reason = string_of(run.summary, "reason");
  if (!reason.empty()) {
    out += "<p class=\"note\">Chosen: " + name(chosen) + ", " + escaped(reason) +
           ". The test data decides nothing.</p>\n";
  }
  return out;
}

}  // namespace knack::host::html
