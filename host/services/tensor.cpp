// SPDX-License-Identifier: MIT
// knack.tensor/1
#include <ATen/ATen.h>
#include <knack/abi/ext/tensor.h>

#include "host/plugin/tensor_handle.hpp"
#include "host/services/services.hpp"
#include "host/services/status.hpp"

namespace knack::host {
namespace {

constexpr std::int64_t kMostBytes = std::int64_t{1} << 40;
constexpr std::int32_t kMostDimensions = 64;

void check(bool holds, const char* text) {
  if (!holds) throw ServiceError(KNACK_STATUS_INVALID, text);
}

const at::Tensor& checked(knack_tensor_t* handle) {
  check(is_usable(handle), "tensor: expected a defined tensor, found NULL or an undefined one");
  return tensor_of(handle);
}

std::int32_t describe(knack_tensor_t* handle, knack_tensor_info_t* out) {
  return to_status([&] {
    const at::Tensor& tensor = checked(handle);
    check(tensor.layout() == at::kStrided, "tensor: expected a strided one, found another layout");
    fill(out,
         knack_tensor_info_t{.struct_size = sizeof(knack_tensor_info_t),
                             .flags = (tensor.requires_grad() ? KNACK_TENSOR_REQUIRES_GRAD : 0u) |
                                      (tensor.is_contiguous() ? KNACK_TENSOR_CONTIGUOUS : 0u),
                             .dtype = static_cast<std::int32_t>(tensor.scalar_type()),
                             .device_type = static_cast<std::int32_t>(tensor.device().type()),
                             .device_index = tensor.device().index(),
                             .dimensions = static_cast<std::int32_t>(tensor.dim()),
                             .element_count = tensor.numel(),
                             .sizes_borrowed = tensor.sizes().data(),
                             .strides_borrowed = tensor.strides().data(),
                             .data_borrowed = tensor.data_ptr()});
  });
}

bool is_known_dtype(std::int32_t dtype) {
  switch (dtype) {
    case KNACK_DTYPE_UINT8:
    case KNACK_DTYPE_INT8:
    case KNACK_DTYPE_INT16:
    case KNACK_DTYPE_INT32:
    case KNACK_DTYPE_INT64:
    case KNACK_DTYPE_FLOAT16:
    case KNACK_DTYPE_FLOAT32:
    case KNACK_DTYPE_FLOAT64:
    case KNACK_DTYPE_BOOL:
    case KNACK_DTYPE_BFLOAT16:
      return true;
    default:
      return false;
  }
}

std::int32_t create(std::int32_t dtype, std::int32_t dimensions, const std::int64_t* sizes,
                    knack_tensor_t** out) {
  return to_status([&] {
    require(out);
    check(is_known_dtype(dtype), "dtype: expected a KNACK_DTYPE_*, found another number");
    check(dimensions >= 0 && dimensions <= kMostDimensions,
          "dimensions: expected 0 to 64, found another number");
    check(sizes != nullptr || dimensions == 0, "sizes: expected an array, found NULL");
    const auto type = static_cast<at::ScalarType>(dtype);
    auto bytes = static_cast<std::int64_t>(at::elementSize(type));
    for (std::int32_t i = 0; i < dimensions; ++i) {
      check(sizes[i] >= 0, "sizes: expected 0 or more, found a negative one");
      const bool fits = !__builtin_mul_overflow(bytes, sizes[i], &bytes) && bytes <= kMostBytes;
      check(fits, "sizes: expected at most 2^40 bytes in all, found more");
    }
    *out =
        give_tensor(at::empty(at::IntArrayRef(sizes, static_cast<std::size_t>(dimensions)), type));
  });
}

std::int32_t retain(knack_tensor_t* handle, knack_tensor_t** out) {
  return to_status([&] {
    require(out);
    *out = give_tensor(checked(handle));
  });
}

void release(knack_tensor_t* handle) {
  if (handle != nullptr) take_tensor(handle);
}

constexpr knack_tensor_api_t kTable = {.struct_size = sizeof(knack_tensor_api_t),
                                       .reserved = 0,
                                       .describe = describe,
                                       .create = create,
                                       .retain = retain,
                                       .release = release};

}  // namespace

void register_tensor() {
  register_extension(KNACK_EXT_TENSOR, &kTable);
}

}  // namespace knack::host
