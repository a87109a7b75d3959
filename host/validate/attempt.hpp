// SPDX-License-Identifier: MIT
// Something a check tries that may end its process.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace knack::host {

/// How an attempt ended.
struct Ending {
  std::string answer;   ///< what it returned
  std::string problem;  ///< why it returned nothing: what it threw, or the signal that ended it
  bool has_crashed = false;

  bool is_good() const {
    return problem.empty();
  }
};

/// Runs `work` in a process of its own, where plugins that are not loaded here are loaded anew.
/// Answers have at most 30 KiB. To be called while this process has one thread.
Ending attempt(const std::function<std::string()>& work);

/// In an attempt: what is being tried, for the text of a crash.
void note_try(std::string_view what);

/// The text of an exception as people are to read it, without a stack.
std::string text_of_current_exception();

}  // namespace knack::host
