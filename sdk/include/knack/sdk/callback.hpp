// SPDX-License-Identifier: MIT
// A C++ callable behind the `user` pointer of a C callback.
#pragma once

#include <knack/sdk/error.hpp>

namespace knack::inline v1::detail {

/// Holds a failure of the callable back while the host's code lies in between.
template <typename Function>
class Callback {
 public:
  explicit Callback(Function& function) : function_(function) {}

  template <typename... Arguments>
  std::int32_t call(Arguments&&... arguments) noexcept {
    failure_ = attempt([&] { function_(std::forward<Arguments>(arguments)...); });
    return failure_ ? KNACK_STATUS_FAILED : KNACK_STATUS_OK;
  }

  /// Calls `slot` of the host, which calls back; goes on with the callable's failure, if any.
  template <typename... Parameters, typename... Arguments>
  void run(const char* function, std::int32_t (*slot)(Parameters...), Arguments... arguments) {
    if (failed()) return;
    const Failure of_host = attempt([&] { call_host(function, slot, arguments...); });
    if (failure_) {
      resume(failure_);
    } else if (of_host) {
      resume(of_host);
    }
  }

 private:
  Function& function_;
  Failure failure_{};
};

}  // namespace knack::inline v1::detail
