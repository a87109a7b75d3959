// SPDX-License-Identifier: MIT
#include "host/ablate/ablation_report.hpp"

#include <knack/abi/version.h>
#include <spdlog/fmt/fmt.h>

#include <cmath>

#include "host/common/join.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

using Row = std::vector<std::string>;

/// "+0.0031", with more digits where four decimals would hide it.
std::string signed_text(double value) {
  if (std::isnan(value)) return "-";
  if (value == 0) return "0";
  return std::abs(value) < 1e-3 ? fmt::format("{:+.1e}", value) : fmt::format("{:+.4f}", value);
}

std::string interval_text(const MeanEstimate& estimate) {
  if (std::isnan(estimate.interval.low)) return "-";
  return signed_text(estimate.interval.low) + " to " + signed_text(estimate.interval.high);
}

std::string seconds_text(double seconds) {
  return std::isnan(seconds) ? "-" : fmt::format("{:.2f}", seconds);
}

std::string p_text(double p) {
  if (std::isnan(p)) return "-";
  return p < 0.001 ? "< 0.001" : fmt::format("{:.3f}", p);
}

std::string mean_text(const std::vector<RunOutcome>& outcomes, double RunOutcome::* number) {
  return number_text(mean(numbers_of(outcomes, number)));
}

bool has_test(const Ablation& ablation) {
  return ablation.request().recipe.at("data").contains("test");
}

std::string verdict_text(const Comparison& comparison, const Finding& finding) {
  if (finding.valid.count < 2) return "too few runs";
  if (finding.verdict == Verdict::no_evidence) return text_of(finding.verdict);
  const bool is_about_one = comparison.trick != kAllTricks;
  if (is_about_one) return comparison.trick + " " + text_of(finding.verdict);
  return finding.verdict == Verdict::helps ? "together they help" : "together they hurt";
}

Row base_row(const Ablation& ablation, std::size_t base) {
  const auto& outcomes = ablation.outcomes()[base];
  Row row = {ablation.request().plan.conditions[base].name,
             mean_text(outcomes, &RunOutcome::valid),
             "",
             "",
             std::to_string(numbers_of(outcomes, &RunOutcome::valid).size()),
             "",
             ""};
  if (has_test(ablation)) row.insert(row.end(), {mean_text(outcomes, &RunOutcome::test), ""});
  return row;
}

Row comparison_row(const Ablation& ablation, const Comparison& comparison, const Finding& finding) {
  const auto& outcomes = ablation.outcomes()[comparison.condition];
  Row row = {ablation.request().plan.conditions[comparison.condition].name,
             mean_text(outcomes, &RunOutcome::valid),
             signed_text(finding.valid.mean),
             interval_text(finding.valid),
             std::to_string(finding.valid.count),
             p_text(finding.corrected_p_value),
             verdict_text(comparison, finding)};
  if (has_test(ablation)) {
    row.insert(row.end(), {mean_text(outcomes, &RunOutcome::test), signed_text(finding.test.mean)});
  }
  return row;
}

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

Json json_of(const MeanEstimate& estimate) {
  return {{"mean", number(estimate.mean)},
          {"standard_deviation", number(estimate.standard_deviation)},
          {"interval", {number(estimate.interval.low), number(estimate.interval.high)}}};
}

Json runs_json(const Ablation& ablation) {
  const AblationRequest& request = ablation.request();
  Json runs = Json::array();
  for (std::size_t i = 0; i < request.plan.conditions.size(); ++i) {
    const Condition& condition = request.plan.conditions[i];
    for (std::size_t seed = 0; seed < request.seeds.size(); ++seed) {
      const RunOutcome& outcome = ablation.outcomes()[i][seed];
      const std::string folder =
          condition.folder() + "/seed-" + std::to_string(request.seeds[seed]);
      runs.push_back({{"condition", condition.name},
                      {"seed", request.seeds[seed]},
                      {"folder", folder},
                      {"weights", outcome.weights},
                      {"valid", number(outcome.valid)},
                      {"test", number(outcome.test)},
                      {"seconds", number(outcome.seconds)},
                      {"problem", outcome.problem.empty() ? Json() : Json(outcome.problem)}});
    }
  }
  return runs;
}

Json conditions_json(const Ablation& ablation) {
  Json conditions = Json::array();
  for (std::size_t i = 0; i < ablation.request().plan.conditions.size(); ++i) {
    const Condition& condition = ablation.request().plan.conditions[i];
    Json entry = {{"name", condition.name}, {"tricks", condition.tricks}};
    const auto add = [&](const char* key, double RunOutcome::* field) {
      const std::vector<double> numbers = numbers_of(ablation.outcomes()[i], field);
      entry[key] = {{"count", numbers.size()},
                    {"mean", number(mean(numbers))},
                    {"standard_deviation", number(standard_deviation(numbers))}};
    };
    add("valid", &RunOutcome::valid);
    if (has_test(ablation)) add("test", &RunOutcome::test);
    add("seconds", &RunOutcome::seconds);
    conditions.push_back(std::move(entry));
  }
  return conditions;
}

Json comparisons_json(const Ablation& ablation) {
  const Plan& plan = ablation.request().plan;
  const std::vector<Finding> findings = ablation.findings();
  Json comparisons = Json::array();
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Finding& finding = findings[i];
    Json entry = {{"condition", plan.conditions[plan.comparisons[i].condition].name},
                  {"base", plan.conditions[plan.comparisons[i].base].name},
                  {"trick", plan.comparisons[i].trick},
                  {"pairs", finding.valid.count},
                  {"valid", json_of(finding.valid)},
                  {"p_value", number(finding.valid.p_value)},
                  {"corrected_p_value", number(finding.corrected_p_value)},
                  {"verdict", text_of(finding.verdict)}};
    if (has_test(ablation)) entry["test"] = json_of(finding.test);
    entry["seconds"] = json_of(finding.seconds);
    comparisons.push_back(std::move(entry));
  }
  return comparisons;
}

std::string markdown_row(const Row& cells) {
  return "| " + join(cells, " | ") + " |\n";
}

std::string markdown_table(const TableRows& rows) {
  std::string text = markdown_row(rows.front());
  text += markdown_row(Row(rows.front().size(), "---"));
  for (std::size_t i = 1; i < rows.size(); ++i) text += markdown_row(rows[i]);
  return text;
}

}  // namespace

TableRows result_rows(const Ablation& ablation) {
  const AblationRequest& request = ablation.request();
  Row heading = {
      "condition", "valid " + request.measure.metric, "difference", "95 % interval", "n", "p",
      "verdict"};
  if (has_test(ablation))
    heading.insert(heading.end(), {"test " + request.measure.metric, "difference"});
  TableRows rows = {heading};
  const std::vector<Finding> findings = ablation.findings();
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Comparison& comparison = request.plan.comparisons[i];
    const bool has_new_base = i == 0 || request.plan.comparisons[i - 1].base != comparison.base;
    if (has_new_base) rows.push_back(base_row(ablation, comparison.base));
    rows.push_back(comparison_row(ablation, comparison, findings[i]));
  }
  return rows;
}

TableRows time_rows(const Ablation& ablation) {
  const AblationRequest& request = ablation.request();
  TableRows rows = {{"trick", "with", "without", "cost", "95 % interval", "share"}};
  const std::vector<Finding> findings = ablation.findings();
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Comparison& comparison = request.plan.comparisons[i];
    if (comparison.adds) continue;
    const auto seconds = [&](std::size_t condition) {
      return mean(numbers_of(ablation.outcomes()[condition], &RunOutcome::seconds));
    };
    MeanEstimate cost = findings[i].seconds;  // of the trick: the other way round
    cost.mean = 0 - cost.mean;
    cost.interval = {0 - cost.interval.high, 0 - cost.interval.low};
    const double share = cost.mean / seconds(comparison.condition);
    rows.push_back({comparison.trick, seconds_text(seconds(comparison.base)),
                    seconds_text(seconds(comparison.condition)), signed_text(cost.mean),
                    interval_text(cost),
                    std::isnan(share) ? "-" : fmt::format("{:+.1f} %", 100 * share)});
  }
  return rows;
}

std::vector<std::string> reading_notes(const Ablation& ablation) {
  const AblationRequest& request = ablation.request();
  const std::string weights = request.measure.weights.empty()
                                  ? "the weight set that each run chose"
                                  : "the weight set " + request.measure.weights;
  const std::string better = request.higher_is_better ? "higher" : "lower";
  return {"valid " + request.measure.metric + ": mean over " +
              std::to_string(request.seeds.size()) + " seeds, of " + weights + "; " + better +
              " is better",
          "difference: to the row above that has none, mean over n pairs of runs of the same seed, "
          "with the interval of Student's t",
          "p: of the t test of these pairs, corrected by Holm's method for " +
              std::to_string(request.plan.comparisons.size()) +
              " comparison(s); a verdict needs at most 0.05 (the intervals are not corrected)"};
}

Json ablation_json(const Ablation& ablation) {
  const AblationRequest& request = ablation.request();
  return {{"schema_version", 1},
          {"knack", KNACK_VERSION_STRING},
          {"metric", request.measure.metric},
          {"mode", request.higher_is_better ? "max" : "min"},
          {"weights", request.measure.weights.empty() ? Json() : Json(request.measure.weights)},
          {"seeds", request.seeds},
          {"confidence", 1 - kSignificance},
          {"complete", ablation.finished() == ablation.runs()},
          {"conditions", conditions_json(ablation)},
          {"comparisons", comparisons_json(ablation)},
          {"runs", runs_json(ablation)},
          {"recipe", request.recipe}};
}

std::string ablation_markdown(const Ablation& ablation) {
  const std::string name = ablation.request().recipe.at("name").get<std::string>();
  std::string text = "# Ablation of " + name + "\n\n" + markdown_table(result_rows(ablation));
  for (const std::string& note : reading_notes(ablation)) text += "\n- " + note;
  text += "\n\nTime of a training, in seconds:\n\n" + markdown_table(time_rows(ablation));
  return text;
}

}  // namespace knack::host
