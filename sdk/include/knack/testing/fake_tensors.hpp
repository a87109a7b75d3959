// SPDX-License-Identifier: MIT
// knack.tensor/1 without LibTorch: row-major tensors in plain memory. Part of fake_host.hpp.
#pragma once

#include <knack/abi/ext/tensor.h>
#include <knack/abi/status.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace knack::testing {

/// What a handle of the fake host points to. Handles of one tensor share it.
struct FakeTensor {
  std::int32_t dtype = KNACK_DTYPE_FLOAT32;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
  std::int64_t element_count = 1;
  std::vector<std::max_align_t> memory;

  FakeTensor(std::int32_t dtype, std::vector<std::int64_t> shape)
      : dtype(dtype), sizes(std::move(shape)), strides(sizes.size()) {
    for (std::size_t i = sizes.size(); i-- > 0;) {
      strides[i] = element_count;
      element_count *= sizes[i];
    }
    const std::size_t bytes = static_cast<std::size_t>(element_count) * sizeof(double);
    memory.resize(bytes / sizeof(std::max_align_t) + 1);
  }
};

using FakeHandle = std::shared_ptr<FakeTensor>;

inline FakeTensor& fake_tensor(knack_tensor_t* handle) {
  return **reinterpret_cast<FakeHandle*>(handle);
}

inline knack_tensor_t* new_fake_handle(FakeHandle tensor) {
  return reinterpret_cast<knack_tensor_t*>(new FakeHandle(std::move(tensor)));
}

inline std::int32_t describe_fake_tensor(knack_tensor_t* handle, knack_tensor_info_t* info) {
  FakeTensor& tensor = fake_tensor(handle);
  info->flags = KNACK_TENSOR_CONTIGUOUS;
  info->dtype = tensor.dtype;
  info->device_type = KNACK_DEVICE_CPU;
  info->device_index = -1;
  info->dimensions = static_cast<std::int32_t>(tensor.sizes.size());
  info->element_count = tensor.element_count;
  info->sizes_borrowed = tensor.sizes.data();
  info->strides_borrowed = tensor.strides.data();
  info->data_borrowed = tensor.memory.data();
  return KNACK_STATUS_OK;
}

inline const knack_tensor_api_t& fake_tensor_api() {
  static const knack_tensor_api_t api{
      sizeof(knack_tensor_api_t),
      0,
      &describe_fake_tensor,
      [](std::int32_t dtype, std::int32_t dimensions, const std::int64_t* sizes,
         knack_tensor_t** out) -> std::int32_t {
        *out = new_fake_handle(std::make_shared<FakeTensor>(
            dtype, std::vector<std::int64_t>(sizes, sizes + dimensions)));
        return KNACK_STATUS_OK;
      },
      [](knack_tensor_t* handle, knack_tensor_t** out) -> std::int32_t {
        *out = new_fake_handle(*reinterpret_cast<FakeHandle*>(handle));
        return KNACK_STATUS_OK;
      },
      [](knack_tensor_t* handle) { delete reinterpret_cast<FakeHandle*>(handle); }};
  return api;
}

}  // namespace knack::testing
