// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>
#include <knack/abi/ext/tensor.h>

#include "host/plugin/tensor_handle.hpp"
#include "tests/unit/host/services/service_test.hpp"

namespace knack::host {
namespace {

class TensorTable : public knack::testing::ServiceTest {
 protected:
  knack_tensor_info_t info() {
    knack_tensor_info_t info{};
    info.struct_size = sizeof(info);
    return info;
  }

  const knack_tensor_api_t* api = table<knack_tensor_api_t>(register_tensor, KNACK_EXT_TENSOR);
};

TEST_F(TensorTable, DescribesATensor) {
  const at::Tensor tensor = at::ones({2, 3}, at::kDouble).t().set_requires_grad(true);
  knack_tensor_info_t found = info();
  ASSERT_EQ(api->describe(borrow(tensor), &found), KNACK_STATUS_OK);
  EXPECT_EQ(found.dtype, KNACK_DTYPE_FLOAT64);
  EXPECT_EQ(found.device_type, KNACK_DEVICE_CPU);
  EXPECT_EQ(found.flags, KNACK_TENSOR_REQUIRES_GRAD);
  ASSERT_EQ(found.dimensions, 2);
  EXPECT_EQ(found.sizes_borrowed[0], 3);
  EXPECT_EQ(found.strides_borrowed[0], 1);
  EXPECT_EQ(found.element_count, 6);
  EXPECT_EQ(found.data_borrowed, tensor.data_ptr());
}

TEST_F(TensorTable, WritesNoMoreThanAnOlderPluginKnows) {
  const at::Tensor tensor = at::ones({2});
  knack_tensor_info_t found = info();
  found.struct_size = offsetof(knack_tensor_info_t, data_borrowed);
  ASSERT_EQ(api->describe(borrow(tensor), &found), KNACK_STATUS_OK);
  EXPECT_EQ(found.element_count, 2);
  EXPECT_EQ(found.data_borrowed, nullptr);
  EXPECT_EQ(found.struct_size, offsetof(knack_tensor_info_t, data_borrowed));
}

TEST_F(TensorTable, CreatesRetainsAndReleases) {
  const std::int64_t sizes[] = {2, 3};
  knack_tensor_t* tensor = nullptr;
  ASSERT_EQ(api->create(KNACK_DTYPE_INT64, 2, sizes, &tensor), KNACK_STATUS_OK);
  EXPECT_EQ(tensor_of(tensor).sizes(), at::IntArrayRef({2, 3}));
  EXPECT_EQ(tensor_of(tensor).scalar_type(), at::kLong);
  knack_tensor_t* again = nullptr;
  ASSERT_EQ(api->retain(tensor, &again), KNACK_STATUS_OK);
  EXPECT_TRUE(tensor_of(tensor).is_same(tensor_of(again)));
  api->release(tensor);
  EXPECT_EQ(tensor_of(again).use_count(), 1u);
  api->release(again);
  api->release(nullptr);
}

TEST_F(TensorTable, RefusesWhatIsNoTensor) {
  const at::Tensor undefined;
  knack_tensor_info_t found = info();
  knack_tensor_t* out = nullptr;
  EXPECT_EQ(api->describe(nullptr, &found), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->describe(borrow(undefined), &found), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->describe(borrow(at::ones({1}).to_sparse()), &found), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->retain(nullptr, &out), KNACK_STATUS_INVALID);
  EXPECT_EQ(thread_error_text(),
            "tensor: expected a defined tensor, found NULL or an undefined one");
}

TEST_F(TensorTable, RefusesNullInPlaceOfAResult) {
  const at::Tensor tensor = at::ones({2});
  EXPECT_EQ(api->describe(borrow(tensor), nullptr), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->retain(borrow(tensor), nullptr), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->create(KNACK_DTYPE_FLOAT32, 0, nullptr, nullptr), KNACK_STATUS_INVALID);
  EXPECT_EQ(thread_error_text(), "out: expected a pointer, found NULL");
}

TEST_F(TensorTable, RefusesShapesThatCannotBe) {
  knack_tensor_t* out = nullptr;
  const std::int64_t negative[] = {-1};
  const std::int64_t huge[] = {std::int64_t{1} << 62, std::int64_t{1} << 62};
  EXPECT_EQ(api->create(KNACK_DTYPE_FLOAT32, 1, negative, &out), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->create(KNACK_DTYPE_FLOAT32, 2, huge, &out), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->create(KNACK_DTYPE_FLOAT32, 65, huge, &out), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->create(KNACK_DTYPE_FLOAT32, 1, nullptr, &out), KNACK_STATUS_INVALID);
  EXPECT_EQ(api->create(99, 1, huge, &out), KNACK_STATUS_INVALID);
  EXPECT_EQ(out, nullptr);
}

}  // namespace
}  // namespace knack::host
