// SPDX-License-Identifier: MIT
// Failures in a plugin: thrown inside it, turned into a status and a text where the host called in.
#pragma once

#include <knack/abi/host.h>

#include <cstdint>
#include <exception>
#include <new>
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

/// Throws when a function of the host failed. `function` is for people: "knack.weights/1 save".
inline void check_host(std::int32_t status, const char* function) {
  if (status == KNACK_STATUS_OK) return;
  throw Error::from_host(status,
                         std::string(function) + " failed with status " + std::to_string(status));
}

/// The same for functions that return a number of things, and a negative one when they failed.
inline std::int64_t check_count(std::int64_t count, const char* function) {
  if (count < 0) check_host(KNACK_STATUS_FAILED, function);
  return count;
}

/// Tells the host of the exception that is being handled; the status to return.
inline std::int32_t report_exception(const knack_host_t* host) noexcept {
  try {
    throw;
  } catch (const Error& error) {
    if (error.known_to_host()) return error.status();
    return host->set_error(host, error.status(), to_abi(error.what()));
  } catch (const std::bad_alloc&) {
    return host->set_error(host, KNACK_STATUS_NO_MEMORY, to_abi("out of memory"));
  } catch (const std::exception& error) {
    return host->set_error(host, KNACK_STATUS_FAILED, to_abi(error.what()));
  } catch (...) {
    return host->set_error(host, KNACK_STATUS_FAILED,
                           to_abi("threw something that is no std::exception"));
  }
}

/// Runs `body` at the border to the host, which no exception may cross.
template <typename Body>
std::int32_t guarded(const knack_host_t* host, Body&& body) noexcept {
  try {
    body();
    return KNACK_STATUS_OK;
  } catch (...) {
    return report_exception(host);
  }
}

}  // namespace detail
}  // namespace knack::inline v1
