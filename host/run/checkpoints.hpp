// SPDX-License-Identifier: MIT
// When a run is saved, and what that takes.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

#include "host/checkpoint/checkpoint_store.hpp"
#include "host/recipe/recipe.hpp"
#include "host/report/run_folder.hpp"
#include "host/run/fit_state.hpp"
#include "host/run/session_state.hpp"
#include "host/train/fit.hpp"

namespace knack::host {

/// The files of a checkpoint that are not its fit's.
inline constexpr const char* kCheckpointRecipe = "recipe.json";

class Checkpoints {
 public:
  using OnSaved = std::function<void(const std::filesystem::path& checkpoint)>;

  /// `on_saved` is told of each checkpoint once it is on disk.
  Checkpoints(const Recipe& recipe, Fit& fit, const RunFolder& folder, OnSaved on_saved);

  /// Whether the recipe asks for one after the step that was just made, or after `epoch`.
  bool is_due_after_step();
  bool is_due_after_epoch() const;

  /// Only between two windows. Throws Error; the checkpoints before this one are then still there.
  void save(const SessionState& state, bool is_best);

  /// Takes the fit, which has begun, and the files of its instances to where `checkpoint` was made.
  SessionState load(const std::filesystem::path& checkpoint, const AllowedChanges& allowed,
                    const std::function<void(const std::string&)>& say);

 private:
  const Recipe& recipe_;
  Fit& fit_;
  const RunFolder& folder_;
  CheckpointStore store_;
  OnSaved on_saved_;
  std::int64_t considered_step_ = 0;  // a step that is not made is not due once more
  std::chrono::steady_clock::time_point last_time_ = std::chrono::steady_clock::now();
};

}  // namespace knack::host
