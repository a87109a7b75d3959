// SPDX-License-Identifier: MIT
#include "host/explain/trick_text.hpp"

#include <map>
#include <utility>

#include "host/common/join.hpp"
#include "host/ui/color.hpp"
#include "host/ui/quantity_text.hpp"

namespace knack::host {
namespace {

std::string fact_text(const Json& value) {
  if (value.is_number_float()) return four_digits_text(value.get<double>());
  if (!value.is_array()) return value.dump();
  std::vector<std::string> entries;
  for (const Json& entry : value) entries.push_back(fact_text(entry));
  return "[" + join(entries) + "]";
}

/// Changes of several weight sets that are alike become one line.
std::vector<std::string> lines_of(const std::vector<Change>& changes) {
  std::vector<std::pair<std::string, std::string>> ends;  // what is changed, and how
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> sets;
  for (const Change& change : changes) {
    const std::string count = change.count == 1 ? "" : " (" + count_text(change.count) + ")";
    std::pair<std::string, std::string> end(change.what, count + " in " + join(change.hooks));
    if (!sets.contains(end)) ends.push_back(end);
    std::vector<std::string>& of = sets[end];
    if (!change.set.empty()) of.push_back(change.set);
  }
  std::vector<std::string> lines;
  for (const auto& end : ends) {
    const std::string of = sets[end].empty() ? "" : " of " + join(sets[end]);
    lines.push_back(end.first + of + end.second);
  }
  return lines;
}

std::vector<std::string> changes_of(const TrickFacts& trick) {
  std::vector<std::string> changes;
  for (const auto& [option, count] : trick.set_options) {
    changes.push_back(option + " of " + std::to_string(count) +
                      (count == 1 ? " parameter" : " parameters"));
  }
  if (trick.micro_batches > 0) {
    changes.push_back("asks for " + count_text(trick.micro_batches) +
                      (trick.micro_batches == 1 ? " micro-batch" : " micro-batches") + " a step");
  }
  for (std::string& line : lines_of(trick.changes)) changes.push_back(std::move(line));
  if (changes.empty()) changes.emplace_back("nothing seen in the rehearsal of two micro-batches");
  return changes;
}

std::vector<std::string> options_of(const TrickFacts& trick) {
  std::vector<std::string> options;
  for (const auto& [name, value] : trick.changed_options) {
    options.push_back(name + " = " + value.dump());
  }
  if (options.empty()) options.emplace_back("all as by default");
  return options;
}

}  // namespace

std::vector<std::string> trick_lines(const TrickFacts& trick, bool use_color) {
  std::vector<std::string> lines = {painted(trick.name, Paint::bold, use_color) + " (" + trick.id +
                                    " " + trick.version + "): " + trick.summary};
  const auto item = [&](const std::string& name, const std::string& text) {
    if (!text.empty()) lines.push_back("  " + name + std::string(11 - name.size(), ' ') + text);
  };
  item("options", join(options_of(trick)));
  item("acts at", join(trick.hooks));
  const char* name = "changes";
  for (const std::string& change : changes_of(trick)) item(std::exchange(name, ""), change);
  item("publishes", join(trick.publishes));
  item("reports", join(trick.metrics));
  if (trick.kept_bytes > 0) item("keeps", bytes_text(trick.kept_bytes));
  if (!trick.last_run) return lines;
  item("last run", time_text(trick.last_run->seconds) + ", " + share_text(trick.last_run->share) +
                       " of the time");
  std::vector<std::string> facts;
  for (const auto& [key, value] : trick.last_run->facts.items()) {
    facts.push_back(key + " = " + fact_text(value));
  }
  item("", join(facts));
  return lines;
}

}  // namespace knack::host
