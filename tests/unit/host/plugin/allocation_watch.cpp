// SPDX-License-Identifier: MIT
#include "tests/unit/host/plugin/allocation_watch.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace {

thread_local constinit std::size_t largest = 0;
thread_local constinit std::size_t most = SIZE_MAX;

void* allocate(std::size_t size) {
  largest = std::max(largest, size);
  return size > most ? nullptr : std::malloc(size);
}

}  // namespace

void* operator new(std::size_t size) {
  if (void* memory = allocate(size)) return memory;
  throw std::bad_alloc();
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
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

AllocationLimit::AllocationLimit(std::size_t bytes) : before_(std::exchange(most, bytes)) {}

AllocationLimit::~AllocationLimit() {
  most = before_;
}

}  // namespace knack::testing
