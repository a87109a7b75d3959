// SPDX-License-Identifier: MIT
// Runs another program to its end and keeps what it said.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace knack::testing {

struct ProcessRequest {
  std::vector<std::string> arguments;              ///< the program's path first
  std::map<std::string, std::string> environment;  ///< all of it
  std::filesystem::path folder;                    ///< where it runs
  std::chrono::seconds limit{120};                 ///< it is killed after that
};

struct ProcessResult {
  int exit_code = -1;        ///< -1 when a signal ended it
  int signal = 0;            ///< 0 when it ended by itself
  bool dumped_core = false;  ///< the kernel wrote one
  bool timed_out = false;
  std::string standard_output;
  std::string standard_error;
};

/// Its standard input is empty. Throws std::system_error when it cannot be started.
ProcessResult run_process(const ProcessRequest& request);

}  // namespace knack::testing
