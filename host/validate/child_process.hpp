// SPDX-License-Identifier: MIT
// A function that runs in a process of its own, where nothing it does can hurt this one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "host/common/file_descriptor.hpp"

namespace knack::host {

struct ChildLimits {
  std::chrono::milliseconds time;          ///< of the clock on the wall
  std::uint64_t more_memory = 4ull << 30;  ///< address space beyond what this process has now
};

/// How it ended.
struct ChildEnd {
  std::string result;  ///< what the function returned; empty when it did not return
  std::string output;  ///< the first 16 KiB of what went to stdout and stderr
  int signal = 0;      ///< that ended it; 0 when it ended by itself
  int exit_code = 0;
  bool is_late = false;  ///< it was killed because its time was over
  double seconds = 0;
};

/// How a signal ended it: "crashed: SIGSEGV (Segmentation fault), in trick `ema` ..., hook after_step",
/// the place from the crash report where there is one. `end.signal` is not 0.
std::string crash_text(const ChildEnd& end);

/// Runs `work` in a forked child: a process group of its own, no core dump, an empty stdin, and
/// stdout and stderr as one file. The child ends right after `work` without running destructors.
/// With it ends everything that it started, also what left its group: this process becomes the parent
/// of what it leaves behind, and kills that. Where this process is killed only the child ends, too. To
/// be made while this process has one thread.
class ChildProcess {
 public:
  /// `work` throws nothing; the first 32 KiB of its result count. Throws std::system_error when
  /// there can be no child.
  ChildProcess(const std::function<std::string()>& work, const ChildLimits& limits);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  /// Does not wait, but kills a child that is late.
  bool has_ended();

  /// Once it has ended.
  const ChildEnd& end() const {
    return end_;
  }

 private:
  void collect(int status);

  FileDescriptor output_;
  FileDescriptor result_;
  ::pid_t pid_ = -1;
  bool has_ended_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::milliseconds time_;
  ChildEnd end_;
};

}  // namespace knack::host
