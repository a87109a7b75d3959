// SPDX-License-Identifier: MIT
// What each trick costs.
#include <algorithm>
#include <cmath>
#include <vector>

#include "host/report/html/run_results.hpp"
#include "host/report/html/sections.hpp"
#include "host/report/html/text.hpp"

namespace knack::host::html {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestFact = 160;

struct Cost {
  std::string trick;
  double seconds = NAN;
  std::string facts;  ///< HTML
};

std::string fact_text(const Json& value) {
  if (value.is_number()) return rounded(value.get<double>());
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string list;
  for (const Json& each : value) {
    if (list.size() > kLongestFact) break;
    list += (list.empty() ? "" : ", ") + fact_text(each);
  }
  return list;
}

std::string facts_of(const Json& entry) {
  std::string out;
  for (const auto& [key, value] : entry.items()) {
    if (key == "seconds") continue;
    std::string text = fact_text(value);
    const bool is_long = text.size() > kLongestFact;
    if (is_long) text = text.substr(0, kLongestFact) + "...";
    out += (out.empty() ? "" : "; ") + name(key) + ": " + name(text);
  }
  return out;
}

/// From the summary, or before the end from what each epoch took.
std::vector<Cost> costs_of(const RunData& run) {
  std::vector<Cost> costs;
  const Json& tricks = member(run.summary, "tricks");
  if (tricks.is_object()) {
    for (const auto& [trick, entry] : tricks.items()) {
      if (entry.is_object()) costs.push_back({trick, number_of(entry, "seconds"), facts_of(entry)});
    }
    return costs;
  }
  const MetricStream* train = run.metrics.find("train", "live", false);
  if (train == nullptr) return costs;
  for (const MetricColumn& column : train->columns) {
    constexpr std::string_view kEnd = ".seconds";
    if (!column.metric.ends_with(kEnd)) continue;
    double sum = 0;
    for (const double value : column.value) sum += std::isnan(value) ? 0 : value;
    costs.push_back({column.metric.substr(0, column.metric.size() - kEnd.size()), sum, ""});
  }
  return costs;
}

std::string bar(double share) {
  const double width = std::isfinite(share) ? std::clamp(100 * share, 0.0, 100.0) : 0;
  return "<td class=\"bar\"><svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" "
         "aria-hidden=\"true\"><rect class=\"track\" width=\"100\" height=\"8\"/><rect "
         "class=\"fill\" "
         "width=\"" +
         rounded(width) + "\" height=\"8\"/></svg></td>";
}

}  // namespace

std::string tricks(const RunData& run) {
  const std::vector<Cost> costs = costs_of(run);
  if (costs.empty()) return "";
  const double total = training_seconds(run);
  const bool has_total = total > 0 && std::isfinite(total);
  double sum = 0;
  std::string table =
      "<table class=\"tricks\">\n<thead><tr><th scope=\"col\">Trick</th><th "
      "scope=\"col\" class=\"n\">Time</th>" +
      std::string(has_total ? "<th scope=\"col\" class=\"n\">Share</th><td></td>" : "") +
      "</tr></thead>\n";
  const auto add_row = [&](const std::string& what, double seconds, const std::string& facts) {
    const double share = seconds / total;
    table += "<tbody><tr><th scope=\"row\">" + what + "</th><td class=\"n\"><data value=\"" +
             exact(seconds) + "\" title=\"" + exact(seconds) + " s\">" + duration(seconds) +
             "</data></td>";
    if (has_total) table += "<td class=\"n\">" + percent(share) + "</td>" + bar(share);
    table += "</tr>";
    if (!facts.empty()) {
      table += "<tr><td class=\"facts\" colspan=\"" + std::string(has_total ? "4" : "2") + "\">" +
               facts + "</td></tr>";
    }
    table += "</tbody>\n";
  };
  for (const Cost& cost : costs) {
    if (std::isfinite(cost.seconds)) sum += cost.seconds;
    add_row(name(cost.trick), cost.seconds, cost.facts);
  }
  if (has_total && sum <= total) {
    add_row("<em>everything else</em>", total - sum, "the loop, the network, data, evaluation");
  }
  const bool is_ended = run.summary.is_object();
  const std::string caption = std::string("Time in the hooks of each trick") +
                              (has_total ? ", and its share of the training" : "") +
                              (is_ended ? "." : " so far; evaluations count with the next epoch.");
  return captioned(caption, table + "</table>");
}

}  // namespace knack::host::html
