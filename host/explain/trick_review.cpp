// SPDX-License-Identifier: MIT
#include "host/explain/trick_review.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "host/common/join.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

using Severity = Conflict::Severity;

void review_window(Explanation& told) {
  const RunNumbers& n = told.numbers;
  if (n.window_asked <= n.window) return;
  told.conflicts.push_back(
      {Severity::warning,
       "window_begin",
       {n.window_asker},
       "a window of " + std::to_string(n.window_asked) + " micro-batches, as `" + n.window_asker +
           "` asks, is longer than an epoch of " + std::to_string(n.micro_batches_per_epoch) +
           "; each step takes the whole epoch"});
}

/// Options of parameters that a trick sets to what the optimizer has for all of them.
void review_options(Explanation& told) {
  std::map<std::pair<std::string, std::string>, std::set<double>> values;  // by trick and option
  for (const GroupFacts& group : told.groups) {
    for (const ParameterFacts& parameter : group.parameters) {
      for (const SetOption& set : parameter.set) values[{set.trick, set.option}].insert(set.value);
    }
  }
  const Json& optimizer = told.resolved["optimizer"];
  for (const auto& [key, set] : values) {
    const auto& [trick, option] = key;
    if (!optimizer.contains(option) || !optimizer[option].is_number()) continue;
    const auto own = optimizer[option].get<double>();
    if (set != std::set<double>{own}) continue;
    told.conflicts.push_back({Severity::warning,
                              "fit_begin",
                              {trick},
                              "`" + trick + "` sets " + option + " of parameters to " +
                                  short_number_text(own) + ", which it is by optimizer." + option +
                                  " anyway"});
  }
}

bool is_seen(const TrickFacts& trick) {
  return !trick.changes.empty() || !trick.set_options.empty() || !trick.publishes.empty() ||
         !trick.metrics.empty() || !trick.facts.empty() || trick.micro_batches > 0;
}

/// Where the rehearsal came to its end.
void review_unseen(Explanation& told) {
  const auto cuts_short = [](const Conflict& conflict) {
    return conflict.severity == Severity::error || conflict.stage == "rehearsal";
  };
  if (std::any_of(told.conflicts.begin(), told.conflicts.end(), cuts_short)) return;
  std::vector<std::string> names;
  for (const TrickFacts& trick : told.tricks) {
    if (!is_seen(trick)) names.push_back("`" + trick.name + "`");
  }
  if (names.empty()) return;
  told.notes.push_back("nothing was seen of " + join(names) +
                       " in the rehearsal of two micro-batches: with this recipe " +
                       (names.size() == 1 ? "it" : "they") + " may do nothing");
}

}  // namespace

void review_tricks(Explanation& told) {
  review_window(told);
  review_options(told);
  review_unseen(told);
}

}  // namespace knack::host
