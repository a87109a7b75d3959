// SPDX-License-Identifier: MIT
#include "host/report/html/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "host/common/join.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/recipe/difference.hpp"
#include "host/report/html/run_results.hpp"
#include "host/report/html/text.hpp"

namespace knack::host {
namespace {

constexpr std::size_t kMostInLabel = 3;
constexpr std::size_t kLongestTitle = 24;

/// Whether a difference makes two runs more than repetitions of each other.
bool matters(const Difference& difference) {
  const std::string& key = difference.key;
  return key != "trainer.seed" && key != "name" && !is_within(key, "plugins.used") &&
         !leaves_training_alone(key);
}

/// Recipes of run folders are well-formed; what somebody changed by hand may not be.
std::vector<Difference> differences_of(const RunData& before, const RunData& after) {
  try {
    return differences(before.recipe, after.recipe);
  } catch (const nlohmann::json::exception&) {
    return {{"recipe.json", before.recipe, after.recipe}};
  }
}

std::string letter_of(std::size_t group) {
  std::string letters(1, static_cast<char>('A' + group % 26));
  return group < 26 ? letters : letters + std::to_string(group / 26);
}

void group_runs(Comparison& comparison) {
  bool has_other_plugins = false;
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) {
    ComparedRun& run = comparison.runs[i];
    const auto found = std::find_if(
        comparison.groups.begin(), comparison.groups.end(), [&](const RunGroup& group) {
          const auto all = differences_of(comparison.runs[group.runs[0]].data, run.data);
          if (std::any_of(all.begin(), all.end(), matters)) return false;
          has_other_plugins =
              has_other_plugins || std::any_of(all.begin(), all.end(), [](const auto& each) {
                return is_within(each.key, "plugins.used");
              });
          return true;
        });
    run.group = static_cast<std::size_t>(found - comparison.groups.begin());
    if (found == comparison.groups.end())
      comparison.groups.push_back({letter_of(run.group), "", "", {}});
    comparison.groups[run.group].runs.push_back(i);
  }
  if (has_other_plugins) {
    comparison.remarks.push_back(
        "runs of one group used different builds of a plugin: plugins.used has their checksums");
  }
}

/// Every key in which some group differs from the first, with the value of each group.
void find_varied_keys(Comparison& comparison) {
  std::map<std::string, std::size_t> places;
  const auto recipe_of = [&](std::size_t group) -> const RunData& {
    return comparison.runs[comparison.groups[group].runs[0]].data;
  };
  for (std::size_t group = 1; group < comparison.groups.size(); ++group) {
    for (const Difference& each : differences_of(recipe_of(0), recipe_of(group))) {
      if (!matters(each)) continue;
      const auto [place, is_new] = places.emplace(each.key, comparison.varied.size());
      if (is_new) {
        comparison.varied.push_back({each.key, {}});
        comparison.varied.back().values.assign(comparison.groups.size(), each.before);
      }
      comparison.varied[place->second].values[group] = each.after;
    }
  }
}

/// "ema.decay 0.9" for tricks[ema].decay, "without ema" for a trick that is not there.
std::string label_part(const VariedKey& varied, const nlohmann::ordered_json& value) {
  std::string key = varied.key;
  const std::size_t open = key.find("tricks[");
  if (open == 0) {
    const std::size_t close = key.find(']');
    if (close != std::string::npos) key = key.substr(7, close - 7) + key.substr(close + 1);
  }
  const auto& values = varied.values;
  const bool is_presence =
      std::any_of(values.begin(), values.end(), [](const auto& each) { return each.is_object(); });
  if (is_presence) return (value.is_null() ? "without " : "with ") + key;
  const std::string text =
      value.is_string()
          ? value.get<std::string>()
          : value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return key + " " + (text.size() > 24 ? text.substr(0, 24) + "..." : text);
}

void label_groups(Comparison& comparison) {
  for (std::size_t group = 0; group < comparison.groups.size(); ++group) {
    std::string label;
    for (std::size_t i = 0; i < std::min(comparison.varied.size(), kMostInLabel); ++i) {
      label += (label.empty() ? "" : ", ") +
               label_part(comparison.varied[i], comparison.varied[i].values[group]);
    }
    if (comparison.varied.size() > kMostInLabel) label += ", ...";
    const RunData& first = comparison.runs[comparison.groups[group].runs[0]].data;
    comparison.groups[group].label = label.empty() ? html::string_of(first.recipe, "name") : label;
  }
}

/// The names of the recipes where these tell the groups apart, else their labels, else letters.
void name_groups(Comparison& comparison) {
  std::set<std::string> names;
  std::set<std::string> labels;
  std::size_t longest = 0;
  const auto name_of = [&](const RunGroup& group) {
    return html::string_of(comparison.runs[group.runs[0]].data.recipe, "name");
  };
  for (const RunGroup& group : comparison.groups) {
    names.insert(name_of(group));
    labels.insert(group.label);
    longest = std::max(longest, group.label.size());
  }
  const std::size_t count = comparison.groups.size();
  for (RunGroup& group : comparison.groups) {
    const bool has_name = names.size() == count && !names.contains("");
    const bool has_label = labels.size() == count && longest <= kLongestTitle;
    group.title = has_name ? name_of(group) : has_label ? group.label : group.letter;
  }
}

/// Two runs with one seed are one run twice: their spread says nothing.
void find_equal_seeds(Comparison& comparison) {
  for (RunGroup& group : comparison.groups) {
    std::set<std::string> seeds;
    for (const std::size_t run : group.runs) {
      const auto& seed =
          html::member(html::member(comparison.runs[run].data.recipe, "trainer"), "seed");
      if (seed.is_number() && !seeds.insert(seed.dump()).second && !group.has_equal_seeds) {
        group.has_equal_seeds = true;
        comparison.remarks.push_back("group " + group.letter + " has several runs with seed " +
                                     seed.dump() +
                                     ": they are no repetitions, so its means have no spread");
      }
    }
  }
}

bool is_evaluation(const MetricStream& stream) {
  return stream.split != "train" && stream.split != "step";
}

void gather_results(Comparison& comparison) {
  for (std::size_t group = 0; group < comparison.groups.size(); ++group) {
    std::vector<GroupResult> found;
    for (const std::size_t index : comparison.groups[group].runs) {
      const RunData& run = comparison.runs[index].data;
      const bool is_final = html::has_final(run);
      for (const MetricStream& stream : run.metrics.streams) {
        if (stream.is_final != is_final || !is_evaluation(stream)) continue;
        auto place = std::find_if(found.begin(), found.end(), [&](const GroupResult& each) {
          return each.weights == stream.weights && each.split == stream.split;
        });
        if (place == found.end()) {
          found.push_back({group, stream.weights, stream.split, 0, {}});
          place = found.end() - 1;
        }
        if (html::string_of(run.summary, "chosen") == stream.weights) ++place->chosen;
        for (const MetricColumn& column : stream.columns) {
          const double last = column.value.back();
          if (std::isfinite(last)) place->values[column.metric].push_back(last);
        }
      }
    }
    comparison.results.insert(comparison.results.end(), found.begin(), found.end());
  }
}

/// Means and bands are those of numbers: a run that diverged is part of none from there on.
void remark_non_finite(const ComparedRun& run, std::vector<std::string>& remarks) {
  std::set<std::string> metrics;
  for (const MetricStream& stream : run.data.metrics.streams) {
    if (!is_evaluation(stream)) continue;
    for (const MetricColumn& column : stream.columns) {
      const bool is_finite = std::all_of(column.value.begin(), column.value.end(),
                                         [](double value) { return std::isfinite(value); });
      if (!is_finite) metrics.insert(one_line(column.metric));
    }
  }
  if (metrics.empty()) return;
  remarks.push_back(run.path + ": " + join({metrics.begin(), metrics.end()}) +
                    (metrics.size() == 1 ? " is" : " are") +
                    " not finite everywhere; left out of means and curves where not");
}

/// The last epoch with a record; null before the first.
nlohmann::ordered_json epoch_json(const RunData& run) {
  constexpr double kLargest = 1LL << 53;  // up to which a double has every integer
  const double epoch = html::last_epoch(run);
  if (std::abs(epoch) <= kLargest) return static_cast<std::int64_t>(epoch);
  return nullptr;
}

nlohmann::ordered_json run_json(const Comparison& comparison, const ComparedRun& run) {
  nlohmann::ordered_json json = {
      {"run", run.path},
      {"name", html::string_of(run.data.recipe, "name")},
      {"group", comparison.groups[run.group].letter},
      {"seed", html::member(html::member(run.data.recipe, "trainer"), "seed")},
      {"state", html::state_of(run.data)},
      {"epoch", epoch_json(run.data)},
      {"epochs", html::member(html::member(run.data.recipe, "trainer"), "epochs")},
      {"chosen", html::member(run.data.summary, "chosen")},
      {"seconds", html::training_seconds(run.data)},
      {"sets", nlohmann::ordered_json::object()}};
  const bool is_final = html::has_final(run.data);
  for (const MetricStream& stream : run.data.metrics.streams) {
    if (stream.is_final != is_final || !is_evaluation(stream)) continue;
    for (const MetricColumn& column : stream.columns) {
      json["sets"][stream.weights][stream.split][column.metric] = column.value.back();
    }
  }
  return json;
}

nlohmann::ordered_json estimate_json(const RunGroup& group, const std::vector<double>& values) {
  const MeanEstimate estimate = estimate_of(group, values);
  return {{"count", estimate.count},
          {"mean", estimate.mean},
          {"standard_deviation", estimate.standard_deviation},
          {"confidence_95", {estimate.interval.low, estimate.interval.high}},
          {"lowest", *std::min_element(values.begin(), values.end())},
          {"highest", *std::max_element(values.begin(), values.end())}};
}

}  // namespace

MeanEstimate estimate_of(const RunGroup& group, const std::vector<double>& values) {
  MeanEstimate estimate = estimate_mean(values);
  if (group.has_equal_seeds) {
    estimate.standard_deviation = estimate.interval.low = estimate.interval.high = NAN;
  }
  return estimate;
}

Comparison compare_runs(std::vector<std::pair<std::string, RunData>> runs) {
  Comparison comparison;
  for (auto& [path, data] : runs) {
    if (html::evaluated_sets(data, true).empty() && html::evaluated_sets(data, false).empty()) {
      comparison.remarks.push_back(path + " has no evaluation");
    } else if (!html::has_final(data)) {
      comparison.remarks.push_back(path + " has not come to its end: its last evaluation counts");
    }
    for (const std::string& remark : data.remarks) {
      comparison.remarks.push_back(path + ": " + remark);
    }
    comparison.runs.push_back({path, std::move(data), 0});
  }
  group_runs(comparison);
  find_varied_keys(comparison);
  label_groups(comparison);
  name_groups(comparison);
  find_equal_seeds(comparison);
  gather_results(comparison);
  for (const ComparedRun& run : comparison.runs) remark_non_finite(run, comparison.remarks);
  return comparison;
}

nlohmann::ordered_json comparison_json(const Comparison& comparison) {
  nlohmann::ordered_json json = {{"schema_version", 1},
                                 {"runs", nlohmann::ordered_json::array()},
                                 {"groups", nlohmann::ordered_json::array()},
                                 {"differences", nlohmann::ordered_json::array()},
                                 {"remarks", comparison.remarks}};
  for (const ComparedRun& run : comparison.runs) json["runs"].push_back(run_json(comparison, run));
  for (std::size_t group = 0; group < comparison.groups.size(); ++group) {
    nlohmann::ordered_json entry = {{"group", comparison.groups[group].letter},
                                    {"label", comparison.groups[group].label},
                                    {"runs", nlohmann::ordered_json::array()},
                                    {"sets", nlohmann::ordered_json::object()}};
    for (const std::size_t run : comparison.groups[group].runs) {
      entry["runs"].push_back(comparison.runs[run].path);
    }
    for (const GroupResult& result : comparison.results) {
      if (result.group != group) continue;
      for (const auto& [metric, values] : result.values) {
        entry["sets"][result.weights][result.split][metric] =
            estimate_json(comparison.groups[group], values);
      }
    }
    json["groups"].push_back(std::move(entry));
  }
  for (const VariedKey& varied : comparison.varied) {
    nlohmann::ordered_json values = nlohmann::ordered_json::object();
    for (std::size_t group = 0; group < comparison.groups.size(); ++group) {
      values[comparison.groups[group].letter] = varied.values[group];
    }
    json["differences"].push_back({{"key", varied.key}, {"values", std::move(values)}});
  }
  return json;
}

}  // namespace knack::host
