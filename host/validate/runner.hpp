// SPDX-License-Identifier: MIT
// Runs the checks on a plugin file.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/validate/check.hpp"

namespace knack::host {

/// What a check found out, and how that went.
struct Outcome {
  const Check* check;
  std::string kind;  ///< of the thing that was checked; empty for the whole file
  std::string id;
  Finding finding;
  std::string output;  ///< what it wrote to stdout and stderr, or the beginning of that
  double seconds = 0;
};

struct FileReport {
  std::filesystem::path path;
  std::vector<Outcome> outcomes;
  bool can_be_loaded = true;  ///< false when what the whole file stands on failed
};

struct RunnerOptions {
  std::optional<std::chrono::seconds> limit;  ///< instead of each check's own
  std::filesystem::path recipe;
  bool recipe_has_plugin = false;
  std::uint64_t seed = 1;
};

/// Runs `checks`, two at a time, on `file` of `registry`, and hands over each outcome in the order
/// of the checks. `is_wanted` says which; the foundations of a wanted check run too, and are
/// reported when they fail. Throws Error when there can be no scratch folder, std::system_error when no
/// process can be made, and Interrupted while there is an Interruption.
FileReport run_checks(const std::vector<Check>& checks,
                      const std::function<bool(const Check&)>& is_wanted, const Registry& registry,
                      const PluginFile& file, const RunnerOptions& options,
                      const std::function<void(const Outcome&)>& report);

}  // namespace knack::host
