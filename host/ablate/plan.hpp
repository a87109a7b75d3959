// SPDX-License-Identifier: MIT
// Which trainings show what each trick of a recipe does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "host/recipe/document.hpp"

namespace knack::host {

/// The recipe with some of its tricks. Its name follows from which: "all", "without ema", "none",
/// "only ema" or "without ema+precise_bn".
struct Condition {
  std::string name;
  std::vector<std::string> tricks;  ///< that are left
  Json recipe;                      ///< as resolved() writes it

  /// The name without spaces.
  std::string folder() const;
};

/// What a comparison of more than one trick has for its name.
inline constexpr const char* kAllTricks = "all tricks";

/// Two conditions that differ in one trick, or in all that are looked at.
struct Comparison {
  std::size_t condition;  ///< index
  std::size_t base;       ///< index of the condition it is compared to
  std::string trick;      ///< kAllTricks where they differ in more than one
  bool adds;              ///< whether `condition` has the trick and `base` has not
};

struct Plan {
  std::vector<Condition> conditions;  ///< all different; the first has all tricks
  std::vector<Comparison> comparisons;
};

/// All tricks against all but one, for each of `tricks`: names of `recipe`, a recipe as resolved()
/// writes it. With `adds_too` also none of `tricks` against only one and against all, which says
/// nothing more where there is one. The other tricks of the recipe are in every condition.
Plan make_plan(const Json& recipe, const std::vector<std::string>& tricks, bool adds_too);

/// The names in a list with commas, such as `ema,precise_bn`; all of `known` for an empty one.
/// Throws Error(usage) for others.
std::vector<std::string> chosen_tricks(const std::string& list,
                                       const std::vector<std::string>& known);

/// The seeds that `text` asks for: "1,2,3", or their number, from `first` on. Throws Error(usage)
/// unless there are at least two, all different, not negative and of 64 bits.
std::vector<std::int64_t> chosen_seeds(const std::string& text, std::int64_t first);

}  // namespace knack::host
