// SPDX-License-Identifier: MIT
// A stack for signal handlers.
#pragma once

#include <signal.h>

#include <cstddef>
#include <memory>

namespace knack::host {

/// While it exists, handlers with SA_ONSTACK run on a stack of their own when a signal reaches this
/// thread, so that they can tell of an overflow of the usual one.
class [[nodiscard]] AlternateStack {
 public:
  AlternateStack() : memory_(std::make_unique_for_overwrite<std::byte[]>(kBytes)) {
    const stack_t stack{.ss_sp = memory_.get(), .ss_flags = 0, .ss_size = kBytes};
    ::sigaltstack(&stack, &before_);
  }
  ~AlternateStack() {
    ::sigaltstack(&before_, nullptr);
  }
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;

 private:
  static constexpr std::size_t kBytes = 64 << 10;  // a signal's frame alone may take 11 KiB

  std::unique_ptr<std::byte[]> memory_;
  stack_t before_{};
};

}  // namespace knack::host
