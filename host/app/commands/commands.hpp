// SPDX-License-Identifier: MIT
// The commands of the `knack` binary. Each writes its result to stdout and everything else to the
// console, and throws Error for what the user can mend.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/app/command_environment.hpp"
#include "host/app/new_project.hpp"

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

struct PluginsListCommand {
  bool json = false;
};
void run_command(const PluginsListCommand& command, const CommonOptions& common);

struct PluginsLockCommand {
  std::filesystem::path recipe;
  bool check = false;  ///< change nothing, and fail where a pin is out of date
};
void run_command(const PluginsLockCommand& command, const CommonOptions& common);

struct PluginsInspectCommand {
  std::string id;    ///< of something a plugin provides, or a file
  std::string kind;  ///< empty: any
  bool json = false;
};
void run_command(const PluginsInspectCommand& command, const CommonOptions& common);

struct PluginsValidateCommand {
  std::vector<std::string> plugins;  ///< files, or ids of what they provide
  int level = 4;                     ///< the highest, 1 to 4
  std::string include;               ///< regular expression on names of checks; empty: all
  std::string exclude;               ///< the same; empty: none
  std::uint64_t seed = 1;
  std::filesystem::path recipe;  ///< one that uses the plugins; empty: that of the installation
  bool json = false;
  std::filesystem::path junit;  ///< also write a report there; empty: no
  bool strict = false;          ///< warnings are failures
  int timeout = 0;              ///< seconds for a check; 0: each check's own limit
};
/// Returns 0, 1 when a check failed, or 3 when a file cannot be loaded at all.
int run_command(const PluginsValidateCommand& command, const CommonOptions& common);

struct NewCommand {
  ProjectRequest project;
};
void run_command(const NewCommand& command);

}  // namespace knack::host
