// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>

#include "host/app/commands/commands.hpp"
#include "host/checkpoint/atomic_file.hpp"
#include "host/common/json_text.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/report/html/comparison.hpp"
#include "host/report/html/page.hpp"
#include "host/report/html/run_results.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

using Rows = std::vector<std::vector<std::string>>;
using Json = nlohmann::ordered_json;

struct CompareCommand {
  std::vector<std::filesystem::path> runs;
  std::filesystem::path to;  ///< empty: no page
  bool json = false;
};

/// "valid top1" for every metric that any of `entries`, runs or groups, has.
std::set<std::pair<std::string, std::string>> columns_of(const Json& entries) {
  std::set<std::pair<std::string, std::string>> columns;
  for (const Json& entry : entries) {
    for (const auto& [set, splits] : entry["sets"].items()) {
      for (const auto& [split, metrics] : splits.items()) {
        // "valid" before "test", which decides nothing
        for (const auto& [metric, value] : metrics.items()) {
          columns.emplace(split == "valid" ? " valid" : split, metric);
        }
      }
    }
  }
  return columns;
}

std::string split_of(const std::string& column) {
  return column == " valid" ? "valid" : column;
}

double number_in(const Json& set, const std::string& split, const std::string& metric,
                 const char* key) {
  const Json found = set.value(split, Json::object()).value(metric, Json());
  const Json number = key == nullptr || !found.is_object() ? found : found.value(key, Json());
  return number.is_number() ? number.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

/// Every run with each of its weight sets; a run without any has a row of its own.
Rows run_rows(const Comparison& comparison, const Json& document) {
  const auto columns = columns_of(document["runs"]);
  Rows rows = {{"run", "group", "seed", "state", "weights"}};
  for (const auto& [split, metric] : columns) rows[0].push_back(split_of(split) + " " + metric);
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) {
    const Json& run = document["runs"][i];
    const std::vector<std::string> first = {run["run"].get<std::string>(),
                                            run["group"].get<std::string>(), run["seed"].dump(),
                                            html::state_with_epoch(comparison.runs[i].data)};
    if (run["sets"].empty()) {
      rows.push_back(first);
      rows.back().resize(rows[0].size(), "-");
    }
    for (const auto& [set, values] : run["sets"].items()) {
      rows.push_back(first);
      rows.back().push_back(set + (run["chosen"] == set ? " *" : ""));
      for (const auto& [split, metric] : columns) {
        rows.back().push_back(number_text(number_in(values, split_of(split), metric, nullptr)));
      }
    }
  }
  return rows;
}

/// "0.6145 +- 0.0123", the mean alone where there is no spread.
std::string mean_cell(const Json& values, const std::string& split, const std::string& metric) {
  const double spread = number_in(values, split, metric, "standard_deviation");
  return number_text(number_in(values, split, metric, "mean")) +
         (std::isfinite(spread) ? " +- " + number_text(spread) : "");
}

/// "2", or "1 of 2" where a run of the group has no such results.
std::string count_cell(const Json& group, const Json& values) {
  double count = 0;
  for (const auto& [split, metrics] : values.items()) {
    for (const auto& [metric, value] : metrics.items()) {
      count = std::max(count, number_in(values, split, metric, "count"));
    }
  }
  const std::string all = std::to_string(group["runs"].size());
  return count == static_cast<double>(group["runs"].size())
             ? all
             : short_number_text(count) + " of " + all;
}

/// Mean and standard deviation of each group.
Rows group_rows(const Json& document) {
  const auto columns = columns_of(document["groups"]);
  Rows rows = {{"group", "runs", "weights"}};
  for (const auto& [split, metric] : columns) rows[0].push_back(split_of(split) + " " + metric);
  for (const Json& group : document["groups"]) {
    const std::string name =
        group["group"].get<std::string>() + " " + group["label"].get<std::string>();
    if (group["sets"].empty()) {
      rows.push_back({name, count_cell(group, group["sets"])});
      rows.back().resize(rows[0].size(), "-");
    }
    for (const auto& [set, values] : group["sets"].items()) {
      rows.push_back({name, count_cell(group, values), set});
      for (const auto& [split, metric] : columns) {
        rows.back().push_back(mean_cell(values, split_of(split), metric));
      }
    }
  }
  return rows;
}

Rows difference_rows(const Json& document) {
  Rows rows = {{"differs"}};
  for (const Json& group : document["groups"]) rows[0].push_back(group["group"].get<std::string>());
  for (const Json& difference : document["differences"]) {
    rows.push_back({difference["key"].get<std::string>()});
    for (const auto& [group, value] : difference["values"].items()) {
      const bool is_section = value.is_object();
      rows.back().push_back(value.is_null() ? "-" : is_section ? "with" : value.dump());
    }
  }
  return rows;
}

void print(const Comparison& comparison, const Json& document) {
  print_table(run_rows(comparison, document), 5);
  const Json& groups = document["groups"];
  const bool has_repetitions = std::any_of(
      groups.begin(), groups.end(), [](const Json& group) { return group["runs"].size() > 1; });
  if (has_repetitions) {
    std::cout << "\nmean over the runs of a group, +- their standard deviation where there are "
                 "several\n";
    print_table(group_rows(document), 3);
  }
  if (!document["differences"].empty()) {
    std::cout << "\n";
    print_table(difference_rows(document), 1);
  }
  std::cout << "\n* chosen by its run\n";
}

int compare(const CompareCommand& command, const CommonOptions&) {
  std::vector<std::pair<std::string, RunData>> runs;
  std::vector<std::string> again;
  std::set<std::filesystem::path> known;
  for (const std::filesystem::path& run : command.runs) {
    const RunFolder folder = RunFolder::open(run);
    if (known.insert(std::filesystem::canonical(run)).second) {
      runs.emplace_back(run.string(), read_run(folder));
    } else {
      again.push_back(run.string() + " is given more than once and counts once");
    }
  }
  Comparison comparison = compare_runs(std::move(runs));
  comparison.remarks.insert(comparison.remarks.end(), again.begin(), again.end());
  const Json document = comparison_json(comparison);
  if (command.json) {
    std::cout << json_text(document) << "\n";
  } else {
    print(comparison, document);
  }
  for (const std::string& remark : comparison.remarks) {
    std::cerr << "note: " << one_line(remark, remark.size()) << "\n";
  }
  if (!command.to.empty()) {
    html::require_page_or_nothing(command.to);
    write_file_atomically(command.to, comparison_html(comparison));
    std::cerr << "the page is " << command.to.string() << "\n";
  }
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void declare_compare(CommandTable& table) {
  auto [command, options] = table.add<CompareCommand>(
      "compare", "Set runs side by side: what they reached and what differs", Takes::nothing,
      compare);
  command
      .add_option("runs", options.runs,
                  "Run folders; those that differ only in the seed are a group")
      ->type_name("RUN")
      ->required();
  command.add_option("--to", options.to, "Also write a page with overlaid curves to this file")
      ->type_name("FILE");
  command.add_flag("--json", options.json, "Print JSON");
  add_example(command, {"knack compare runs/digits/* --to comparison.html"});
}

}  // namespace knack::host
