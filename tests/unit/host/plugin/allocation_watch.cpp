// SPDX-License-Identifier: MIT
#include "tests/unit/host/plugin/allocation_watch.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {
std::size_t largest = 0;
}

void* operator new(std::size_t size) {
  largest = std::max(largest, size);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace knack::testing {

std::size_t largest_allocation() {
  return largest;
}

void start_allocation_watch() {
  largest = 0;
}

}  // namespace knack::testing
