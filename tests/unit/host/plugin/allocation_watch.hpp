// SPDX-License-Identifier: MIT
// Replaces this program's operator new, so that tests can bound what code allocates in one thread.
#pragma once

#include <cstddef>

namespace knack::testing {

/// The most bytes that this thread asked for at once since start_allocation_watch().
std::size_t largest_allocation();

void start_allocation_watch();

/// While it lives, this thread gets no more than so many bytes at once.
class AllocationLimit {
 public:
  explicit AllocationLimit(std::size_t bytes);
  ~AllocationLimit();
  AllocationLimit(const AllocationLimit&) = delete;
  AllocationLimit& operator=(const AllocationLimit&) = delete;

 private:
  const std::size_t before_;
};

}  // namespace knack::testing
