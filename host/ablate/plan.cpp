// SPDX-License-Identifier: MIT
#include "host/ablate/plan.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <sstream>

#include "host/common/error.hpp"
#include "host/common/join.hpp"
#include "host/recipe/diagnostics.hpp"

namespace knack::host {
namespace {

using Names = std::vector<std::string>;

bool has(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Names names_of(const Json& tricks) {
  Names names;
  for (const Json& trick : tricks) names.push_back(trick.at("name").get<std::string>());
  return names;
}

std::string name_of(const Names& kept, const Names& removed) {
  if (removed.empty()) return "all";
  if (removed.size() == 1) return "without " + removed.front();
  if (kept.empty()) return "none";
  if (kept.size() == 1) return "only " + kept.front();
  return "without " + join(removed, "+");
}

class Planner {
 public:
  explicit Planner(const Json& recipe) : recipe_(recipe) {}

  /// The index of the condition without these tricks; there is one for each set of tricks.
  std::size_t without(const Names& removed) {
    Condition condition;
    condition.recipe = recipe_;
    Json& tricks = condition.recipe["tricks"];
    tricks = Json::array();
    Names gone;
    for (const Json& trick : recipe_.at("tricks")) {
      const std::string name = trick.at("name").get<std::string>();
      if (has(removed, name)) {
        gone.push_back(name);
      } else {
        tricks.push_back(trick);
      }
    }
    condition.tricks = names_of(tricks);
    condition.name = name_of(condition.tricks, gone);
    const auto same =
        std::find_if(plan.conditions.begin(), plan.conditions.end(),
                     [&](const Condition& before) { return before.tricks == condition.tricks; });
    const auto index = static_cast<std::size_t>(same - plan.conditions.begin());
    if (same == plan.conditions.end()) plan.conditions.push_back(std::move(condition));
    return index;
  }

  Plan plan;

 private:
  const Json& recipe_;
};

std::int64_t parse_seed(const std::string& text, const std::string& word) {
  std::int64_t seed = 0;
  const char* const end = word.data() + word.size();
  const auto result = std::from_chars(word.data(), end, seed);
  if (result.ec != std::errc() || result.ptr != end || seed < 0) {
    throw Error("E0105", "--seeds " + backticked(text) +
                             ": expected a number of seeds, as 5, or a list of seeds, as "
                             "1,2,3, found " +
                             backticked(word));
  }
  return seed;
}

Names split(const std::string& list) {
  Names words;
  std::istringstream rest(list);
  for (std::string word; std::getline(rest, word, ',');) words.push_back(word);
  if (list.ends_with(',')) words.emplace_back();
  return words;
}

}  // namespace

std::string Condition::folder() const {
  std::string folder = name;
  std::replace(folder.begin(), folder.end(), ' ', '-');
  return folder;
}

Plan make_plan(const Json& recipe, const Names& tricks, bool adds_too) {
  Planner planner(recipe);
  const std::size_t all = planner.without({});
  std::vector<Comparison> comparisons;
  for (const std::string& trick : tricks) {
    comparisons.push_back({planner.without({trick}), all, trick, false});
  }
  if (adds_too && tricks.size() > 1) {
    const std::size_t none = planner.without(tricks);
    for (const std::string& trick : tricks) {
      Names others = tricks;
      std::erase(others, trick);
      comparisons.push_back({planner.without(others), none, trick, true});
    }
    comparisons.push_back({all, none, kAllTricks, true});
  }
  planner.plan.comparisons = std::move(comparisons);
  return std::move(planner.plan);
}

Names chosen_tricks(const std::string& list, const Names& known) {
  if (list.empty()) return known;
  const Names chosen = split(list);
  for (const std::string& name : chosen) {
    if (!has(known, name)) {
      throw Error("E0105", "--tricks " + backticked(list) +
                               ": expected names of tricks of the recipe, which are " +
                               backticked_list(known) + ", found " + backticked(name) +
                               suggestion(name, known));
    }
  }
  Names in_order;
  std::copy_if(known.begin(), known.end(), std::back_inserter(in_order),
               [&](const std::string& name) { return has(chosen, name); });
  return in_order;
}

std::vector<std::int64_t> chosen_seeds(const std::string& text, std::int64_t first) {
  constexpr std::int64_t kMost = 10'000;
  const Names words = split(text.empty() ? "," : text);
  std::vector<std::int64_t> seeds;
  for (const std::string& word : words) seeds.push_back(parse_seed(text, word));
  if (seeds.size() == 1) {
    const std::int64_t count = seeds.front();
    if (count > kMost) {
      throw Error("E0105", "--seeds " + backticked(text) + ": expected at most " +
                               std::to_string(kMost) + " seeds, each of which is a training");
    }
    seeds.clear();
    if (count > 0 && first > std::numeric_limits<std::int64_t>::max() - (count - 1)) {
      throw Error("E0105", "--seeds " + backticked(text) +
                               ": expected seeds that fit into 64 bits "
                               "with sign, found too many from trainer.seed = " +
                               std::to_string(first) + " on; give a list");
    }
    for (std::int64_t i = 0; i < count; ++i) seeds.push_back(first + i);
  }
  const std::set<std::int64_t> different(seeds.begin(), seeds.end());
  if (different.size() < seeds.size()) {
    throw Error("E0105",
                "--seeds " + backticked(text) + ": expected different seeds, found one twice");
  }
  if (seeds.size() < 2) {
    throw Error("E0105", "--seeds " + backticked(text) +
                             ": expected at least 2, since one run says nothing of how "
                             "far runs differ by chance; 5 is a good number");
  }
  return seeds;
}

}  // namespace knack::host
