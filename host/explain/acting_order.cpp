// SPDX-License-Identifier: MIT
#include "host/explain/acting_order.hpp"

#include <algorithm>

#include "host/plugin/kinds/trick.hpp"

namespace knack::host {
namespace {

bool contains(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string manifest_says(const std::string& id, const char* relation, const std::string& other) {
  return "the manifest of `" + id + "` says " + relation + " `" + other + "`";
}

}  // namespace

std::vector<MovedTrick> moved_tricks(const Recipe& recipe, const Registry& registry) {
  std::vector<MovedTrick> moved;
  for (std::size_t later = 0; later < recipe.tricks.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      const Section& first = recipe.tricks[later];
      const Section& second = recipe.tricks[earlier];
      const Provided& of_first = registry.find(Trick::kKind, first.use).provided();
      const Provided& of_second = registry.find(Trick::kKind, second.use).provided();
      if (contains(of_first.before, second.use)) {
        moved.push_back({first.name, second.name, manifest_says(first.use, "before", second.use)});
      } else if (contains(of_second.after, first.use)) {
        moved.push_back({first.name, second.name, manifest_says(second.use, "after", first.use)});
      }
    }
  }
  return moved;
}

}  // namespace knack::host
