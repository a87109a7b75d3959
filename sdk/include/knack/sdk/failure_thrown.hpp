// SPDX-License-Identifier: MIT
// How failures travel in a plugin with exceptions. Part of error.hpp.
#pragma once

namespace knack::inline v1::detail {

/// What went wrong in a piece of code; false when nothing did.
using Failure = std::exception_ptr;

constexpr bool failed() noexcept {
  return false;
}

[[noreturn]] inline void fail(Error error) {
  throw error;
}

/// Runs `body` and holds back what it throws.
template <typename Body>
Failure attempt(Body&& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

/// Goes on with a failure that was held back.
[[noreturn]] inline void resume(const Failure& failure) {
  std::rethrow_exception(failure);
}

/// Runs `body`; a failure gets `prefix` in front of its text.
template <typename Body>
void with_prefix(const std::string& prefix, Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    throw Error(error.status(), prefix + error.what());
  }
}

/// Tells the host of the exception that is being handled; the status to return.
inline std::int32_t report_exception(const knack_host_t* host) noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return report(host, error);
  } catch (const std::bad_alloc&) {
    return host->set_error(host, KNACK_STATUS_NO_MEMORY, to_abi("out of memory"));
  } catch (const std::exception& error) {
    return host->set_error(host, KNACK_STATUS_FAILED, to_abi(error.what()));
  } catch (...) {
    return host->set_error(host, KNACK_STATUS_FAILED,
                           to_abi("threw something that is no std::exception"));
  }
}

/// Runs `body` at the border to the host, which no failure may cross unseen.
template <typename Body>
std::int32_t guarded(const knack_host_t* host, Body&& body) noexcept {
  try {
    body();
    return KNACK_STATUS_OK;
  } catch (...) {
    return report_exception(host);
  }
}

}  // namespace knack::inline v1::detail
