// SPDX-License-Identifier: MIT
// Names chosen by shell patterns, such as "head.*" or "*.bias".
#pragma once

#include <fnmatch.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace knack::inline v1 {

/// A list of patterns as in POSIX fnmatch: `*` stands for any characters, dots too, `?` for one,
/// `[a-z]` for one of a set.
class Globs {
 public:
  explicit Globs(std::vector<std::string> patterns)
      : patterns_(std::move(patterns)), was_used_(patterns_.size(), false) {}

  /// The first pattern that fits; NULL when none does. Remembers which ones did.
  const std::string* match(std::string_view name) {
    const std::string text(name);
    for (std::size_t i = 0; i < patterns_.size(); ++i) {
      if (fnmatch(patterns_[i].c_str(), text.c_str(), 0) == 0) {
        was_used_[i] = true;
        return &patterns_[i];
      }
    }
    return nullptr;
  }

  /// The patterns that were never the first to fit: most likely mistyped.
  [[nodiscard]] std::vector<std::string> unused() const {
    std::vector<std::string> result;
    for (std::size_t i = 0; i < patterns_.size(); ++i) {
      if (!was_used_[i]) result.push_back(patterns_[i]);
    }
    return result;
  }

 private:
  std::vector<std::string> patterns_;
  std::vector<bool> was_used_;
};

}  // namespace knack::inline v1
