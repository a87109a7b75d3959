// SPDX-License-Identifier: MIT
// Lines for people (knack.log/1).
#pragma once

#include <knack/abi/ext/log.h>
#include <knack/sdk/gateway.hpp>

namespace knack::inline v1 {

/// The host puts the instance's name in front. Failures are not logged but thrown.
class Log {
 public:
  explicit Log(const knack_host_t* host)
      : host_(host), api_(&detail::extension<knack_log_api_t>(host, KNACK_EXT_LOG)) {}
  /// In log.txt only.
  void debug(std::string_view message) const {
    write(KNACK_LOG_DEBUG, message);
  }
  void info(std::string_view message) const {
    write(KNACK_LOG_INFO, message);
  }
  void warning(std::string_view message) const {
    write(KNACK_LOG_WARNING, message);
  }

 private:
  void write(std::uint32_t level, std::string_view message) const {
    if (api_->write != nullptr) api_->write(host_, level, detail::to_abi(message));
  }

  const knack_host_t* host_;
  const knack_log_api_t* api_;
};

}  // namespace knack::inline v1
