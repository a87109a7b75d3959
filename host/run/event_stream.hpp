// SPDX-License-Identifier: MIT
// What happens in a run, for programs: one JSON object a line.
#pragma once

#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>

namespace knack::host {

/// The events of `knack train --json`, as docs/events.md lists them. Each is a whole line, written
/// at once. When the reader has gone the rest is silently left out: the training goes on.
///
/// May be used by any thread.
class EventStream {
 public:
  /// Writes to this file, which stays the caller's; a negative number means that nobody listens.
  explicit EventStream(int descriptor) : descriptor_(descriptor) {}

  /// `schema_version`, `event` and `time` (seconds since 1970), and then the fields of `content`.
  void send(const char* event, const nlohmann::ordered_json& content);

  bool is_open() const {
    return descriptor_ >= 0;
  }

  /// Whether somebody listened and then could not be written to.
  bool has_failed() const {
    return has_failed_;
  }

 private:
  std::mutex mutex_;
  const int descriptor_;
  std::atomic<bool> has_failed_ = false;
};

}  // namespace knack::host
