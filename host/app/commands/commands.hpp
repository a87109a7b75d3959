// SPDX-License-Identifier: MIT
// The commands of the `knack` binary. Each writes its result to stdout and everything else to the
// console, and throws Error for what the user can mend.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/app/command_environment.hpp"

namespace knack::host {

struct TrainCommand {
  std::filesystem::path recipe;              ///< may be empty with `resume`
  std::filesystem::path run_folder;          ///< empty: below trainer.run_root
  std::string resume;                        ///< a run folder or "auto"; empty: a new run
  std::vector<std::string> allowed_changes;  ///< keys that may differ from the run's recipe
};
/// Returns 0, or 128 + the signal that ended the training before its end.
int run_command(const TrainCommand& command, const CommonOptions& common);

struct EvalCommand {
  std::filesystem::path run;
  std::string weights = "model";  ///< a weight set, or "model" for the chosen one
  std::string split = "valid";    ///< "valid" or "test"
};
void run_command(const EvalCommand& command, const CommonOptions& common);

struct ExplainCommand {
  std::filesystem::path recipe;
};
void run_command(const ExplainCommand& command, const CommonOptions& common);

struct PluginsListCommand {};
void run_command(const PluginsListCommand& command, const CommonOptions& common);

struct PluginsInspectCommand {
  std::string id;    ///< of something a plugin provides, or a file
  std::string kind;  ///< empty: any
};
void run_command(const PluginsInspectCommand& command, const CommonOptions& common);

}  // namespace knack::host
