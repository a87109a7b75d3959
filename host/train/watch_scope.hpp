// SPDX-License-Identifier: MIT
// Looking on while LibTorch's operators run.
#pragma once

#include <ATen/record_function.h>

namespace knack::host {

/// While it lives, `callback` is told of the operators that this thread calls, and `current`, which
/// is the thread's own, leads to `watch`.
template <class Watch>
class [[nodiscard]] WatchScope {
 public:
  WatchScope(Watch*& current, Watch& watch, at::RecordFunctionCallback callback)
      : current_(current) {
    current_ = &watch;
    handle_ = at::addThreadLocalCallback(callback.scopes({at::RecordScope::FUNCTION}));
  }
  ~WatchScope() {
    at::removeCallback(handle_);
    current_ = nullptr;
  }
  WatchScope(const WatchScope&) = delete;
  WatchScope& operator=(const WatchScope&) = delete;

 private:
  Watch*& current_;
  at::CallbackHandle handle_ = 0;
};

}  // namespace knack::host
