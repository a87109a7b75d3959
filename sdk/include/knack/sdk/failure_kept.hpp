// SPDX-License-Identifier: MIT
// How failures travel in a plugin without exceptions. Part of error.hpp.
#pragma once

namespace knack::inline v1::detail {

/// What went wrong in a piece of code; false when nothing did.
using Failure = std::optional<Error>;

/// The first failure of the call in progress on this thread.
inline thread_local Failure kept_failure;

inline bool failed() noexcept {
  return kept_failure.has_value();
}

inline void fail(Error error) {
  if (!kept_failure) kept_failure = std::move(error);
}

/// Runs `body` and takes its failure. What was kept before is kept again afterwards.
template <typename Body>
Failure attempt(Body&& body) noexcept {
  Failure before = std::exchange(kept_failure, std::nullopt);
  body();
  return std::exchange(kept_failure, std::move(before));
}

/// Goes on with a failure that was held back.
inline void resume(Failure failure) {
  fail(*std::move(failure));
}

/// Runs `body`; a failure gets `prefix` in front of its text.
template <typename Body>
void with_prefix(const std::string& prefix, Body&& body) {
  if (const Failure failure = attempt(body)) {
    fail(Error(failure->status(), prefix + failure->what()));
  }
}

/// Runs `body` at the border to the host, which no failure may cross unseen.
template <typename Body>
std::int32_t guarded(const knack_host_t* host, Body&& body) noexcept {
  const Failure failure = attempt(body);
  return failure ? report(host, *failure) : KNACK_STATUS_OK;
}

}  // namespace knack::inline v1::detail
