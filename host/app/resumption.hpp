// SPDX-License-Identifier: MIT
// `--resume`: which run goes on, from which checkpoint, and what may differ.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/app/command_environment.hpp"
#include "host/recipe/recipe.hpp"
#include "host/report/run_folder.hpp"
#include "host/run/fit_state.hpp"

namespace knack::host {

/// What `knack train` was given.
struct TrainCommand {
  std::filesystem::path recipe;              ///< may be empty with `resume`
  std::filesystem::path run_folder;          ///< empty: below trainer.run_root
  std::string resume;                        ///< a run folder or "auto"; empty: a new run
  std::vector<std::string> allowed_changes;  ///< keys that may differ from the run's recipe
  bool json = false;                         ///< events on stdout instead of a table
};

/// A run that goes on.
struct Resumption {
  RunFolder folder;
  Recipe recipe;
  std::optional<std::filesystem::path> checkpoint;  ///< none yet: the run begins anew
  AllowedChanges allowed;
  bool is_finished = false;  ///< nothing is left to do
};

/// The folder of the run that `command` wants to go on with. None when it says "auto" and there is
/// none: then a new run is to begin. Throws Error(usage).
std::optional<std::filesystem::path> find_run(const TrainCommand& command,
                                              CommandEnvironment& environment);

/// Takes the run over. Throws Error(recipe) that lists how the recipe differs from that of the run
/// where `command` does not allow it, and Error(data) when there are checkpoints but none is whole.
Resumption take_up(const std::filesystem::path& run, const TrainCommand& command,
                   CommandEnvironment& environment);

}  // namespace knack::host
