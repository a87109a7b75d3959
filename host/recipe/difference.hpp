// SPDX-License-Identifier: MIT
// What two recipes disagree about.
#pragma once

#include <string>
#include <vector>

#include "host/recipe/document.hpp"

namespace knack::host {

/// One value that differs; null where one of the two has none.
struct Difference {
  std::string key;  ///< as in `--set`: `optimizer.lr`, `tricks[ema].decay`, `tricks[ema]`
  Json before;
  Json after;
};

/// Compares two recipes as resolved() writes them. Tricks are told apart by name; where their order
/// changed, that is a difference of its own, `tricks`.
std::vector<Difference> differences(const Json& before, const Json& after);

/// Whether `key` says only when and where something is written, shown or looked for, on which no
/// bit of a training depends.
bool leaves_training_alone(const std::string& key);

/// Whether this says only that a plugin is used that was not, or no longer. The change of a section
/// that it comes from is a difference of its own.
bool is_consequence(const Difference& difference);

/// A side of a difference for a message: "nothing" for null, else its JSON on one line.
std::string value_text(const Json& value);

/// Whether `key` is `prefix` or something within it: `optimizer` has `optimizer.lr`.
bool is_within(const std::string& key, const std::string& prefix);

}  // namespace knack::host
