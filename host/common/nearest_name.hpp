// SPDX-License-Identifier: MIT
// "Did you mean ...?" for every name a user types: keys, plugin ids, commands, options.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace knack::host {

/// Edit distance in bytes in which swapping two neighbours is one edit (the optimal string
/// alignment form of Damerau-Levenshtein: no substring is edited twice).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `name`, the first of equals; nothing when even the nearest differs
/// in more than a third of the longer name (at least one edit is always forgiven for names of
/// two or more bytes), or, for two names of at most three letters, already in the first: "gpu" is no
/// "cpu". Case and the difference between `-` and `_` do not count.
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates);

}  // namespace knack::host
