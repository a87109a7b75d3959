// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>
#include <knack/abi/ext/dlpack.h>

#include <array>
#include <limits>

#include "host/plugin/tensor_handle.hpp"
#include "tests/unit/host/services/service_test.hpp"

namespace knack::host {
namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

class DlpackTable : public knack::testing::ServiceTest {
 protected:
  DlpackTable() {
    managed.version = {KNACK_DL_MAJOR, 1};
    managed.manager_ctx = &deletions;
    managed.deleter = [](knack_dl_managed_t* self) { ++*static_cast<int*>(self->manager_ctx); };
    knack_dl_tensor_t& tensor = managed.dl_tensor;
    tensor.data = memory.data();
    tensor.device = {KNACK_DL_CPU, 0};
    tensor.ndim = 2;
    tensor.dtype = {KNACK_DL_FLOAT, 32, 1};
    tensor.shape = shape.data();
  }

  /// Expects that the struct as it is now is refused, for a reason that begins with `field`, and
  /// stays the caller's.
  void expect_refused(const std::string& field) {
    knack_tensor_t* out = nullptr;
    EXPECT_EQ(api->import_tensor(&managed, &out), KNACK_STATUS_INVALID) << field;
    EXPECT_EQ(thread_error_text().substr(0, field.size()), field) << thread_error_text();
    EXPECT_EQ(out, nullptr);
    EXPECT_EQ(deletions, 0);
  }

  const knack_dlpack_api_t* api = table<knack_dlpack_api_t>(register_dlpack, KNACK_EXT_DLPACK);
  alignas(64) std::array<float, 16> memory{};
  std::array<std::int64_t, 65> shape{2, 3};
  std::array<std::int64_t, 65> strides{};
  int deletions = 0;
  knack_dl_managed_t managed{};
};

TEST_F(DlpackTable, AnImportSharesTheMemoryAndDeletesOnce) {
  managed.dl_tensor.byte_offset = 2 * sizeof(float);
  knack_tensor_t* out = nullptr;
  ASSERT_EQ(api->import_tensor(&managed, &out), KNACK_STATUS_OK);
  {
    const at::Tensor tensor = take_tensor(out);
    EXPECT_EQ(tensor.data_ptr(), memory.data() + 2);
    EXPECT_EQ(tensor.sizes(), at::IntArrayRef({2, 3}));
    EXPECT_EQ(tensor.strides(), at::IntArrayRef({3, 1}));
    const at::Tensor view = tensor.select(0, 1);
    EXPECT_EQ(deletions, 0);
    view.fill_(4);
    EXPECT_EQ(memory[5], 4.0F);
  }
  EXPECT_EQ(deletions, 1);
}

TEST_F(DlpackTable, StridesAreTaken) {
  strides = {1, 2};
  managed.dl_tensor.strides = strides.data();
  knack_tensor_t* out = nullptr;
  ASSERT_EQ(api->import_tensor(&managed, &out), KNACK_STATUS_OK);
  EXPECT_EQ(take_tensor(out).strides(), at::IntArrayRef({1, 2}));
  EXPECT_EQ(deletions, 1);
}

TEST_F(DlpackTable, NothingNeedsNoMemoryAndADeleterIsOptional) {
  shape[1] = 0;
  managed.dl_tensor.data = nullptr;
  knack_tensor_t* out = nullptr;
  ASSERT_EQ(api->import_tensor(&managed, &out), KNACK_STATUS_OK);
  EXPECT_EQ(take_tensor(out).numel(), 0);
  EXPECT_EQ(deletions, 1);
  managed.deleter = nullptr;
  ASSERT_EQ(api->import_tensor(&managed, &out), KNACK_STATUS_OK);
  take_tensor(out);
  EXPECT_EQ(deletions, 1);
}

TEST_F(DlpackTable, EveryElementTypeGoesThereAndBack) {
  for (const at::ScalarType type : {at::kByte, at::kChar, at::kShort, at::kInt, at::kLong,
                                    at::kHalf, at::kFloat, at::kDouble, at::kBool, at::kBFloat16}) {
    const at::Tensor tensor = at::ones({3}, type);
    knack_dl_managed_t* versioned = nullptr;
    knack_dl_managed_unversioned_t* unversioned = nullptr;
    knack_tensor_t* out = nullptr;
    ASSERT_EQ(api->export_tensor(borrow(tensor), &versioned), KNACK_STATUS_OK);
    EXPECT_EQ(versioned->version.major, 1U);
    ASSERT_EQ(api->import_tensor(versioned, &out), KNACK_STATUS_OK) << type;
    EXPECT_TRUE(at::equal(take_tensor(out), tensor)) << type;
    ASSERT_EQ(api->export_unversioned(borrow(tensor), &unversioned), KNACK_STATUS_OK);
    ASSERT_EQ(api->import_unversioned(unversioned, &out), KNACK_STATUS_OK) << type;
    EXPECT_EQ(tensor_of(out).data_ptr(), tensor.data_ptr());
    EXPECT_EQ(take_tensor(out).scalar_type(), type);
    EXPECT_EQ(tensor.use_count(), 1U);
  }
}

TEST_F(DlpackTable, ShapesThatCannotBeAreRefused) {
  managed.dl_tensor.ndim = -1;
  expect_refused("ndim");
  managed.dl_tensor.ndim = 65;
  expect_refused("ndim");
  managed.dl_tensor.ndim = 2;
  shape = {2, -3};
  expect_refused("shape: expected sizes of 0 or more, found -3");
  for (const std::int64_t rows : {kHuge, kHuge / 3, std::int64_t{1} << 40}) {
    shape = {rows, 3};
    expect_refused("shape: expected at most 2^40 bytes");
    shape = {3, rows};
    expect_refused("shape: expected at most 2^40 bytes");
  }
  managed.dl_tensor.shape = nullptr;
  expect_refused("shape: expected an array");
}

TEST_F(DlpackTable, StridesThatCannotBeAreRefused) {
  managed.dl_tensor.strides = strides.data();
  strides = {3, -1};
  expect_refused("strides: expected 0 or more, found -1");
  for (const std::int64_t stride : {kHuge, kHuge / 2, std::int64_t{1} << 40}) {
    strides = {stride, stride};
    expect_refused("shape: expected at most 2^40 bytes");
  }
}

TEST_F(DlpackTable, MemoryThatCannotBeIsRefused) {
  managed.dl_tensor.data = nullptr;
  expect_refused("data: expected memory, found NULL");
  managed.dl_tensor.data = reinterpret_cast<char*>(memory.data()) + 1;
  expect_refused("data: expected memory aligned");
  managed.dl_tensor.data = memory.data();
  managed.dl_tensor.byte_offset = 2;
  expect_refused("data: expected memory aligned");
  managed.dl_tensor.byte_offset = ~std::uint64_t{0} - 15;
  expect_refused("byte_offset");
}

TEST_F(DlpackTable, TypesAndDevicesThatAreNotKnownAreRefused) {
  using Type = knack_dl_data_type_t;
  for (const Type type : {Type{KNACK_DL_FLOAT, 8, 1}, Type{KNACK_DL_FLOAT, 32, 4},
                          Type{KNACK_DL_FLOAT, 32, 0}, Type{KNACK_DL_INT, 1, 1},
                          Type{KNACK_DL_UINT, 64, 1}, Type{5, 64, 1}, Type{255, 255, 65535}}) {
    managed.dl_tensor.dtype = type;
    expect_refused("dtype");
  }
  managed.dl_tensor.dtype = {KNACK_DL_FLOAT, 32, 1};
  for (const std::int32_t device : {0, -1, 4, 12, 999}) {
    managed.dl_tensor.device = {device, 0};
    expect_refused("device");
  }
  managed.dl_tensor.device = {KNACK_DL_CUDA, 1000};
  expect_refused("device");
}

TEST_F(DlpackTable, ReadOnlyMemoryAndOtherMajorsAreRefused) {
  managed.flags = KNACK_DL_READ_ONLY;
  expect_refused("flags");
  managed.flags = 0;
  managed.version.major = 2;
  expect_refused("version: expected DLPack 1, found 2");
}

TEST_F(DlpackTable, NullIsRefused) {
  const at::Tensor undefined, tensor = at::ones({1});
  knack_tensor_t* out = nullptr;
  knack_dl_managed_t* given = nullptr;
  knack_dl_managed_unversioned_t* old = nullptr;
  EXPECT_EQ(api->import_tensor(nullptr, &out), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->import_tensor(&managed, nullptr), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->import_unversioned(nullptr, &out), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->export_tensor(nullptr, &given), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->export_tensor(borrow(undefined), &given), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->export_tensor(borrow(tensor), nullptr), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->export_tensor(borrow(tensor.to_sparse()), &given), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->export_unversioned(nullptr, &old), KNACK_STATUS_INVALID);
  EXPECT_EQ(given, nullptr);
  EXPECT_EQ(deletions, 0);
}

}  // namespace
}  // namespace knack::host
