// SPDX-License-Identifier: MIT
// Several runs side by side.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "host/report/html/run_data.hpp"
#include "host/report/statistics.hpp"

namespace knack::host {

struct ComparedRun {
  std::string path;  ///< as it was given
  RunData data;
  std::size_t group = 0;  ///< index in Comparison::groups
};

/// Runs whose recipes differ in nothing but the seed, and in what leaves training alone.
struct RunGroup {
  std::string letter;             ///< "A", "B", ...
  std::string title;              ///< as short as it can be told from the others, for legends
  std::string label;              ///< what makes it another than the others, in a few words
  std::vector<std::size_t> runs;  ///< indices in Comparison::runs
  bool has_equal_seeds = false;   ///< then its runs are no independent ones, and have no spread
};

/// A key of the recipe that differs between groups.
struct VariedKey {
  std::string key;                             ///< as in `--set`
  std::vector<nlohmann::ordered_json> values;  ///< one a group; null where a recipe lacks it
};

/// One weight set of one group on one split.
struct GroupResult {
  std::size_t group = 0;
  std::string weights;
  std::string split;
  std::size_t chosen = 0;                             ///< how many of the runs chose this set
  std::map<std::string, std::vector<double>> values;  ///< by metric, one a run where it is finite
};

struct Comparison {
  std::vector<ComparedRun> runs;
  std::vector<RunGroup> groups;
  std::vector<VariedKey> varied;
  std::vector<GroupResult> results;
  std::vector<std::string> remarks;  ///< what a reader should know before believing it
};

/// What a group's values tell of their mean. Without a standard deviation and an interval where its
/// runs are not independent.
MeanEstimate estimate_of(const RunGroup& group, const std::vector<double>& values);

/// Groups the runs and gathers what they reached: at the end, or, for runs without an end, at their
/// last evaluation. Each is a path and its data.
Comparison compare_runs(std::vector<std::pair<std::string, RunData>> runs);

/// {"schema_version": 1, "runs": [...], "groups": [...], "differences": [...]}
nlohmann::ordered_json comparison_json(const Comparison& comparison);

/// The comparison as a page, with overlaid curves.
std::string comparison_html(const Comparison& comparison);

}  // namespace knack::host
