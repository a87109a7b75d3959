// SPDX-License-Identifier: MIT
// A C++ callable behind the `user` pointer of a C callback.
#pragma once

#include <knack/sdk/error.hpp>

namespace knack::inline v1::detail {

/// Keeps an exception of the callable back while the host's code lies in between.
template <typename Function>
class Callback {
 public:
  explicit Callback(Function& function) : function_(function) {}

  template <typename... Arguments>
  std::int32_t call(Arguments&&... arguments) noexcept {
    try {
      function_(std::forward<Arguments>(arguments)...);
      return KNACK_STATUS_OK;
    } catch (...) {
      exception_ = std::current_exception();
      return KNACK_STATUS_FAILED;
    }
  }

  /// After the host's function returned `status`: goes on with the exception, if there was one.
  void finish(std::int32_t status, const char* function) {
    if (exception_) std::rethrow_exception(exception_);
    check_host(status, function);
  }

 private:
  Function& function_;
  std::exception_ptr exception_;
};

}  // namespace knack::inline v1::detail
