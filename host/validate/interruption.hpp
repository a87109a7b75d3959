// SPDX-License-Identifier: MIT
// A signal that asks to leave while checks run.
#pragma once

namespace knack::host {

/// Thrown where checks were broken off.
struct Interrupted {
  int signal;
};

/// While it exists, the first of SIGINT, SIGTERM and SIGHUP is noted, and does nothing else. Those that
/// were ignored before stay ignored. One at a time.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  /// In a forked child: such a signal ends it again.
  static void leave_to_default();

  /// Throws Interrupted once there was one.
  static void throw_if_any();
};

}  // namespace knack::host
