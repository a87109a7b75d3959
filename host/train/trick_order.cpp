// SPDX-License-Identifier: MIT
#include "host/train/trick_order.hpp"

#include <algorithm>

#include "host/common/error.hpp"

namespace knack::host {
namespace {

bool contains(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

bool must_precede(const TrickPlace& first, const TrickPlace& second) {
  return &first != &second &&
         (contains(first.before, second.id) || contains(second.after, first.id));
}

}  // namespace

std::vector<std::size_t> trick_order(const std::vector<TrickPlace>& tricks) {
  std::vector<std::size_t> waiting(tricks.size());
  for (std::size_t i = 0; i < waiting.size(); ++i) waiting[i] = i;
  std::vector<std::size_t> order;
  while (!waiting.empty()) {
    const auto is_free = [&](std::size_t candidate) {
      return std::none_of(waiting.begin(), waiting.end(), [&](std::size_t other) {
        return must_precede(tricks[other], tricks[candidate]);
      });
    };
    const auto next = std::find_if(waiting.begin(), waiting.end(), is_free);
    if (next == waiting.end()) {
      std::string names;
      for (std::size_t i : waiting) names += (names.empty() ? "`" : ", `") + tricks[i].name + "`";
      Diagnostic problem{.id = "E0411",
                         .sentence = "tricks: no order satisfies the `before` and `after` of " +
                                     names + ", which form a cycle"};
      problem.helps = {"leave one of them out"};
      problem.subject = "tricks[" + tricks[waiting.back()].name + "]";
      throw Error(problem);
    }
    order.push_back(*next);
    waiting.erase(next);
  }
  return order;
}

}  // namespace knack::host
