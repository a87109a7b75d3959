// SPDX-License-Identifier: MIT
// Failures in a plugin: thrown inside it, turned into a status and a text where the host called in.
//
// A plugin may also be built with -fno-exceptions (and -fno-rtti). Then a failure is not thrown but
// kept: whatever failed returns something empty (an undefined tensor, 0, an empty span), from then
// on no operator and no function of the host is called, and the hook ends with the first failure's
// status and text, whatever it does until then. `knack::fail` is how such a plugin fails itself;
// `knack::failed` tells it to stop early, which it must do before it touches raw memory.
#pragma once

#include <knack/abi/host.h>

#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace knack::inline v1 {

/// A failure with one sentence for the user: what was expected, what was found.
class Error : public std::exception {
 public:
  explicit Error(std::string text) : Error(KNACK_STATUS_FAILED, std::move(text)) {}

  /// `status` is one of KNACK_STATUS_* except KNACK_STATUS_OK.
  Error(std::int32_t status, std::string text) : status_(status), text_(std::move(text)) {}

  /// A failure of a host function, whose text the host has already. It is kept when this leaves the
  /// plugin; `text` is for plugins that catch it.
  static Error from_host(std::int32_t status, std::string text) {
    Error error(status, std::move(text));
    error.known_to_host_ = true;
    return error;
  }

  [[nodiscard]] std::int32_t status() const noexcept {
    return status_;
  }
  [[nodiscard]] const char* what() const noexcept override {
    return text_.c_str();
  }
  [[nodiscard]] bool known_to_host() const noexcept {
    return known_to_host_;
  }

 private:
  std::int32_t status_;
  bool known_to_host_ = false;
  std::string text_;
};

namespace detail {

inline knack_string_t to_abi(std::string_view text) noexcept {
  return {text.data(), text.size()};
}

inline std::string_view from_abi(knack_string_t text) noexcept {
  return {text.data, static_cast<std::size_t>(text.size)};
}

/// Tells the host of a failure; the status to return.
inline std::int32_t report(const knack_host_t* host, const Error& error) noexcept {
  if (error.known_to_host()) return error.status();
  return host->set_error(host, error.status(), to_abi(error.what()));
}

}  // namespace detail
}  // namespace knack::inline v1

#if defined(__cpp_exceptions)
#include <knack/sdk/failure_thrown.hpp>
#else
#include <knack/sdk/failure_kept.hpp>
#endif

namespace knack::inline v1 {

/// Fails with `text`. Throws Error, or keeps it where there are no exceptions and returns.
inline void fail(std::string text) {
  detail::fail(Error(std::move(text)));
}
inline void fail(std::int32_t status, std::string text) {
  detail::fail(Error(status, std::move(text)));
}

/// Whether the call in progress has failed. Always false where failures are thrown.
using detail::failed;

namespace detail {

/// Fails when a function of the host did. `function` is for people: "knack.weights/1 save".
inline void check_host(std::int32_t status, const char* function) {
  if (status == KNACK_STATUS_OK) return;
  fail(Error::from_host(status,
                        std::string(function) + " failed with status " + std::to_string(status)));
}

/// Calls `slot` of one of the host's tables, unless something failed before.
template <typename... Parameters, typename... Arguments>
void call_host(const char* function, std::int32_t (*slot)(Parameters...), Arguments... arguments) {
  if (failed()) return;
  if (slot == nullptr) {
    return knack::fail(KNACK_STATUS_UNSUPPORTED, std::string("this host has no ") + function);
  }
  check_host(slot(arguments...), function);
}

/// The same for functions that return a number of things, and a negative one when they failed.
template <typename... Parameters, typename... Arguments>
std::int64_t count_host(const char* function, std::int64_t (*slot)(Parameters...),
                        Arguments... arguments) {
  if (failed() || slot == nullptr) return 0;
  const std::int64_t count = slot(arguments...);
  if (count < 0) check_host(KNACK_STATUS_FAILED, function);
  return count < 0 ? 0 : count;
}

}  // namespace detail
}  // namespace knack::inline v1
