// SPDX-License-Identifier: MIT
#include "host/app/result_table.hpp"

#include <set>

#include "host/ui/table.hpp"

namespace knack::host {
namespace {

/// Appends the columns of one split to the table.
void add_split(std::vector<std::vector<std::string>>& rows, const std::vector<FinalSet>& sets,
               const std::string& split, Metrics FinalSet::* metrics) {
  std::set<std::string> names;
  for (const FinalSet& set : sets) {
    for (const auto& [name, value] : set.*metrics) names.insert(name);
  }
  for (const std::string& name : names) {
    rows[0].push_back(split + " " + name);
    for (std::size_t i = 0; i < sets.size(); ++i) {
      const auto found = (sets[i].*metrics).find(name);
      rows[i + 1].push_back(found == (sets[i].*metrics).end() ? "-" : number_text(found->second));
    }
  }
}

}  // namespace

std::vector<std::vector<std::string>> result_table(const FitResult& result) {
  std::vector<std::vector<std::string>> rows = {{"weights"}};
  for (const FinalSet& set : result.sets) {
    rows.push_back({set.name + (set.name == result.chosen ? " *" : "")});
  }
  add_split(rows, result.sets, "valid", &FinalSet::valid);
  add_split(rows, result.sets, "test", &FinalSet::test);
  return rows;
}

}  // namespace knack::host
