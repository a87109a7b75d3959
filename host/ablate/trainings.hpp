// SPDX-License-Identifier: MIT
// Trains one run after the other, each in a process of its own.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "host/ui/console.hpp"

namespace knack::host {

/// One `knack train`.
struct Training {
  std::string title;               ///< for people: "without ema, seed 2"
  std::vector<std::string> words;  ///< of the command line, after `knack`
  std::filesystem::path log;       ///< gets what it says
};

/// How one ended.
struct TrainingEnd {
  double seconds = 0;
  std::string problem;  ///< empty for success; else how it failed, with the last lines it said
};

/// Runs `trainings` with this program, `jobs` at a time, and calls `on_end` with the index of each
/// that has come to its end or failed; what it returns is shown behind the title. One that fails
/// does not keep the others from running.
///
/// SIGINT, SIGTERM and SIGHUP are passed to those that run, which save and leave; no others begin.
/// Returns 0 or the first such signal. What `on_end` throws ends all of them with SIGTERM.
int run_trainings(const std::vector<Training>& trainings, std::size_t jobs, Console& console,
                  const std::function<std::string(std::size_t, const TrainingEnd&)>& on_end);

}  // namespace knack::host
