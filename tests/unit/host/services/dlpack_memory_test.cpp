// SPDX-License-Identifier: MIT
// Imports while memory runs out. A program of its own, as it replaces the operator new of all.
#include <ATen/ATen.h>
#include <knack/abi/ext/dlpack.h>

#include <array>
#include <cstdlib>
#include <new>

#include "host/plugin/tensor_handle.hpp"
#include "tests/unit/host/services/service_test.hpp"

namespace {

/// Allocations of this thread until one fails; negative for never.
thread_local int left = -1;

void* allocate(std::size_t size) {
  if (left >= 0 && left-- == 0) return nullptr;
  return std::malloc(size == 0 ? 1 : size);
}

}  // namespace

void* operator new(std::size_t size) {
  void* memory = allocate(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
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
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}

namespace knack::host {
namespace {

class DlpackMemory : public knack::testing::ServiceTest {
 protected:
  const knack_dlpack_api_t* api = table<knack_dlpack_api_t>(register_dlpack, KNACK_EXT_DLPACK);
};

TEST_F(DlpackMemory, AnImportThatFailsLeavesTheStructToTheCaller) {
  alignas(64) std::array<float, 6> memory{};
  std::array<std::int64_t, 6> shape{1, 1, 1, 1, 2, 3};  // so many need an allocation of their own
  int deletions = 0;
  knack_dl_managed_t managed{};
  managed.version = {KNACK_DL_MAJOR, 0};
  managed.manager_ctx = &deletions;
  managed.deleter = [](knack_dl_managed_t* self) { ++*static_cast<int*>(self->manager_ctx); };
  managed.dl_tensor = {.data = memory.data(),
                       .device = {KNACK_DL_CPU, 0},
                       .ndim = 6,
                       .dtype = {KNACK_DL_FLOAT, 32, 1},
                       .shape = shape.data(),
                       .strides = nullptr,
                       .byte_offset = 0};
  knack_tensor_t* out = nullptr;
  const auto import_with = [&](int allocations) {
    left = allocations;
    const std::int32_t status = api->import_tensor(&managed, &out);
    left = -1;
    return status;
  };
  ASSERT_EQ(import_with(-1), KNACK_STATUS_OK);
  take_tensor(out);
  ASSERT_EQ(deletions, 1);
  int allocations = 0;
  while (import_with(allocations) != KNACK_STATUS_OK && allocations < 100) {
    EXPECT_EQ(thread_error_text(), "out of memory");
    EXPECT_EQ(deletions, 1) << "after " << allocations << " allocations";
    ++allocations;
  }
  EXPECT_GT(allocations, 3) << "a tensor, its storage and its handle need memory";
  EXPECT_LT(allocations, 100);
  take_tensor(out);
  EXPECT_EQ(deletions, 2);
}

}  // namespace
}  // namespace knack::host
