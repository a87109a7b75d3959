// SPDX-License-Identifier: MIT
#include "host/explain/memory_meter.hpp"

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <mutex>
#include <unordered_map>

namespace knack::host {
namespace {

/// What was handed out, and how large it is. Outlives every meter, as tensors do.
struct Account {
  std::mutex mutex;
  std::unordered_map<void*, std::int64_t> sizes;
  std::int64_t held = 0;
  std::int64_t peak = 0;
};

Account& account() {
  static auto* const kept = new Account;
  return *kept;
}

void give_back(void* memory) {
  if (memory == nullptr) return;
  {
    Account& books = account();
    const std::lock_guard lock(books.mutex);
    const auto entry = books.sizes.find(memory);
    books.held -= entry->second;
    books.sizes.erase(entry);
  }
  c10::GetDefaultCPUAllocator()->raw_deallocate(memory);
}

/// LibTorch's own allocator, with an account of what it hands out.
class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    void* const memory = c10::GetDefaultCPUAllocator()->raw_allocate(bytes);
    if (memory != nullptr) {
      Account& books = account();
      const std::lock_guard lock(books.mutex);
      books.sizes[memory] = static_cast<std::int64_t>(bytes);
      books.held += static_cast<std::int64_t>(bytes);
      books.peak = std::max(books.peak, books.held);
    }
    return {memory, memory, &give_back, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override {
    return &give_back;
  }

  void copy_data(void* target, const void* source, std::size_t bytes) const override {
    default_copy_data(target, source, bytes);
  }
};

constexpr std::uint8_t kHighestPriority = 255;

}  // namespace

MemoryMeter::MemoryMeter() : before_(c10::GetCPUAllocator()) {
  static auto* const counting = new CountingAllocator;
  {
    Account& books = account();
    const std::lock_guard lock(books.mutex);
    books.held = books.peak = 0;
  }
  c10::SetCPUAllocator(counting, kHighestPriority);
}

MemoryMeter::~MemoryMeter() {
  c10::SetCPUAllocator(before_, kHighestPriority);
}

std::int64_t MemoryMeter::held() const {
  const std::lock_guard lock(account().mutex);
  return account().held;
}

std::int64_t MemoryMeter::peak() const {
  const std::lock_guard lock(account().mutex);
  return account().peak;
}

void MemoryMeter::restart_peak() {
  const std::lock_guard lock(account().mutex);
  account().peak = account().held;
}

}  // namespace knack::host
