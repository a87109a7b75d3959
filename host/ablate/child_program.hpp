// SPDX-License-Identifier: MIT
// Programs that run beside this one, and the signals that are meant for them.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace knack::host {

/// A program in a process group of its own, with an empty stdin, whose stdout and stderr are added
/// to a file. When this process dies it gets SIGTERM. One that still runs at the end of the object
/// is killed.
class ChildProgram {
 public:
  /// `words[0]` is the name by which the program is called. Throws Error(data) when the file cannot
  /// be written, and std::system_error when there can be no process.
  ChildProgram(const std::filesystem::path& program, const std::vector<std::string>& words,
               const std::filesystem::path& output);
  ChildProgram(const ChildProgram&) = delete;
  ChildProgram& operator=(const ChildProgram&) = delete;
  ~ChildProgram();

  /// Does not wait.
  bool has_ended();

  /// Once it has ended: its exit code, or 128 + the signal that ended it.
  int exit_code() const {
    return exit_code_;
  }

  void send(int signal);

 private:
  ::pid_t pid_ = -1;
  bool has_ended_ = false;
  int exit_code_ = 0;
};

/// While it exists, SIGINT, SIGTERM, SIGHUP and SIGCHLD are kept for wait(). Those that were
/// ignored before stay ignored. One at a time, in a process whose other threads began under one.
class ChildSignals {
 public:
  ChildSignals();
  ChildSignals(const ChildSignals&) = delete;
  ChildSignals& operator=(const ChildSignals&) = delete;
  ~ChildSignals();

  /// Waits for a signal, at most so long: SIGINT, SIGTERM or SIGHUP, or 0 when a child changed or
  /// nothing happened.
  int wait(std::chrono::milliseconds longest) const;

 private:
  ::sigset_t kept_{};
  ::sigset_t mask_before_{};
};

}  // namespace knack::host
