// SPDX-License-Identifier: MIT
// How much memory tensors on the CPU take.
#pragma once

#include <c10/core/Allocator.h>

#include <cstdint>

namespace knack::host {

/// Counts the bytes of the tensors that are made on the CPU while it lives, by any thread. What was
/// made before, and what libraries take for themselves, is not seen. One at a time.
class [[nodiscard]] MemoryMeter {
 public:
  MemoryMeter();
  ~MemoryMeter();
  MemoryMeter(const MemoryMeter&) = delete;
  MemoryMeter& operator=(const MemoryMeter&) = delete;

  /// Bytes that were handed out and not yet given back.
  std::int64_t held() const;

  /// The most that was ever held since the beginning or the last restart_peak().
  std::int64_t peak() const;
  void restart_peak();

 private:
  c10::Allocator* before_;
};

}  // namespace knack::host
