// SPDX-License-Identifier: MIT
// What is asked of a run from outside while it trains.
#pragma once

#include <atomic>

namespace knack::host {

/// Set by signal handlers, looked at between two steps.
struct RunRequests {
  std::atomic<int> stop = 0;       ///< the signal that asks to save and leave; 0: none
  std::atomic<bool> save = false;  ///< a checkpoint, now

  static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);
};

}  // namespace knack::host
