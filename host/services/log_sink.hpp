// SPDX-License-Identifier: MIT
// Where the log lines of plugins go.
#pragma once

#include <cstdint>
#include <string_view>

namespace knack::host {

class LogSink {
 public:
  virtual ~LogSink() = default;

  /// A message of `instance`; `level` is KNACK_LOG_DEBUG, KNACK_LOG_INFO or KNACK_LOG_WARNING.
  /// Called by any thread, also by several at once.
  virtual void write(std::string_view instance, std::uint32_t level, std::string_view message) = 0;
};

}  // namespace knack::host
