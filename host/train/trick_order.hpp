// SPDX-License-Identifier: MIT
// In which order tricks act within a hook.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace knack::host {

/// What decides a trick's place: its name in the recipe and the constraints of its manifest.
struct TrickPlace {
  std::string name;                 ///< instance name
  std::string id;                   ///< what `before` and `after` of others refer to
  std::vector<std::string> before;  ///< ids that must act later
  std::vector<std::string> after;   ///< ids that must act earlier
};

/// Positions into `tricks`, in acting order: constraints first, recipe order among the free. Ids
/// that are not in the list constrain nothing. Throws Error(plugin) naming the tricks of a cycle.
std::vector<std::size_t> trick_order(const std::vector<TrickPlace>& tricks);

}  // namespace knack::host
