// SPDX-License-Identifier: MIT
// The folder that keeps all runs of an ablation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

#include "host/ablate/plan.hpp"
#include "host/common/file_descriptor.hpp"
#include "host/recipe/document.hpp"

namespace knack::host {

/// What is looked at in a finished run.
struct Measure {
  std::string metric;
  std::string weights;  ///< weight set; empty: the one that each run chose
};

/// What one run gave; NaN where there is no number.
struct RunOutcome {
  double valid = std::numeric_limits<double>::quiet_NaN();
  double test = std::numeric_limits<double>::quiet_NaN();
  double seconds = std::numeric_limits<double>::quiet_NaN();
  std::string weights = {};  ///< the set that was measured
  std::string problem = {};  ///< why `valid` is NaN; empty otherwise
};

enum class RunState { absent, interrupted, finished };

/// `FOLDER/<condition>/recipe.json`, `FOLDER/<condition>/seed-<n>/` with a run, `seed-<n>.log`
/// beside it, and the results in `FOLDER/ablation.json` and `ablation.md`. No other process gets
/// the folder while the object lives.
class AblationFolder {
 public:
  /// Makes the folder, or takes one over with the runs in it. `recipe` is the one of all tricks, as
  /// resolved() writes it, with the plugins that are used. Throws Error(usage) for a folder with
  /// other things in it, Error(recipe) for that of another recipe, and Error(data), also for a
  /// damaged one.
  AblationFolder(const std::filesystem::path& folder, const Json& recipe);

  /// Whether a run in `folder` has come to its end.
  static bool has_finished_run(const std::filesystem::path& folder);

  const std::filesystem::path& path() const {
    return path_;
  }
  std::filesystem::path recipe_file(const Condition& condition) const {
    return path_ / condition.folder() / "recipe.json";
  }
  std::filesystem::path run(const Condition& condition, std::int64_t seed) const;
  std::filesystem::path log_file(const Condition& condition, std::int64_t seed) const;

  /// Writes the recipe of a condition, to train from.
  void write_recipe(const Condition& condition) const;

  /// Throws Error(recipe) when the run that is there is not of this condition and seed.
  RunState state(const Condition& condition, std::int64_t seed) const;

  /// Reads a finished run. Throws Error(usage) when it has no such metric.
  RunOutcome outcome(const Condition& condition, std::int64_t seed, const Measure& measure) const;

  /// Writes the results.
  void write(const Json& results, const std::string& markdown) const;

 private:
  std::filesystem::path path_;
  FileDescriptor lock_;
};

}  // namespace knack::host
