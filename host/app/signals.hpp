// SPDX-License-Identifier: MIT
// What signals ask of a run.
#pragma once

#include "host/run/run_requests.hpp"

namespace knack::host {

/// While it exists, SIGINT, SIGTERM and SIGHUP set `requests.stop`, a second one of them leaves the
/// process at once with 128 + its number, and SIGUSR1 sets `requests.save`. The same signal again
/// within 0.3 seconds is taken for the same request, as some tools send it to a process and to its
/// group. Signals that were ignored before (nohup, background jobs) stay ignored. One at a time.
class RunSignals {
 public:
  explicit RunSignals(RunRequests& requests);
  ~RunSignals();
  RunSignals(const RunSignals&) = delete;
  RunSignals& operator=(const RunSignals&) = delete;
};

/// "SIGINT"
const char* signal_name(int signal);

}  // namespace knack::host
