// SPDX-License-Identifier: MIT
// What belongs to the whole process, and so to no plugin.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

namespace knack::host {

/// Signal handlers, environment, current folder, umask, locale, and how this thread rounds.
class ProcessState {
 public:
  ProcessState();

  /// What is different now: "the handler of SIGINT", "the environment"; empty when nothing is.
  std::vector<std::string> changes() const;

 private:
  std::array<struct sigaction, NSIG> handlers_{};
  sigset_t blocked_{};
  std::vector<std::string> environment_;
  std::filesystem::path folder_;
  ::mode_t mask_;
  std::string locale_;
  int rounding_;
  bool has_denormals_;
};

}  // namespace knack::host
