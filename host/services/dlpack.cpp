// SPDX-License-Identifier: MIT
// knack.dlpack/1
#include <ATen/ATen.h>
#include <ATen/DLConvertor.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <knack/abi/ext/dlpack.h>
#include <knack/abi/ext/tensor.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "host/plugin/tensor_handle.hpp"
#include "host/services/services.hpp"
#include "host/services/status.hpp"

namespace knack::host {
namespace {

constexpr std::int64_t kMostBytes = std::int64_t{1} << 40;
constexpr std::int32_t kMostDimensions = 64;

static_assert(sizeof(knack_dl_managed_t) == sizeof(DLManagedTensorVersioned) &&
              offsetof(knack_dl_managed_t, dl_tensor) ==
                  offsetof(DLManagedTensorVersioned, dl_tensor) &&
              sizeof(knack_dl_managed_unversioned_t) == sizeof(DLManagedTensor) &&
              offsetof(knack_dl_managed_unversioned_t, deleter) ==
                  offsetof(DLManagedTensor, deleter) &&
              offsetof(knack_dl_tensor_t, byte_offset) == offsetof(DLTensor, byte_offset));

[[noreturn]] void refuse(const std::string& field, const std::string& expected,
                         const std::string& found) {
  throw ServiceError(KNACK_STATUS_INVALID, field + ": expected " + expected + ", found " + found);
}

at::ScalarType element_type(const knack_dl_data_type_t& given) {
  const auto is = [&given](std::uint8_t code, std::uint8_t bits) {
    return given.code == code && given.bits == bits && given.lanes == 1;
  };
  if (is(KNACK_DL_FLOAT, 32)) return at::kFloat;
  if (is(KNACK_DL_FLOAT, 64)) return at::kDouble;
  if (is(KNACK_DL_FLOAT, 16)) return at::kHalf;
  if (is(KNACK_DL_BFLOAT, 16)) return at::kBFloat16;
  if (is(KNACK_DL_INT, 64)) return at::kLong;
  if (is(KNACK_DL_INT, 32)) return at::kInt;
  if (is(KNACK_DL_INT, 16)) return at::kShort;
  if (is(KNACK_DL_INT, 8)) return at::kChar;
  if (is(KNACK_DL_UINT, 8)) return at::kByte;
  if (is(KNACK_DL_BOOL, 8)) return at::kBool;
  refuse("dtype", "an element type with a KNACK_DTYPE_* and one lane",
         "code " + std::to_string(given.code) + ", " + std::to_string(given.bits) + " bits, " +
             std::to_string(given.lanes) + " lanes");
}

/// Bytes from the first element to behind the last one; refuses what cannot be.
std::int64_t extent(const knack_dl_tensor_t& tensor, std::int64_t element_size) {
  if (tensor.ndim < 0 || tensor.ndim > kMostDimensions) {
    refuse("ndim", "0 to 64", std::to_string(tensor.ndim));
  }
  if (tensor.ndim > 0 && tensor.shape == nullptr) refuse("shape", "an array", "NULL");
  std::int64_t packed = element_size;  // bytes without gaps
  std::int64_t last = 0;               // index of the last element
  bool fits = true;
  bool is_empty = false;
  for (std::int32_t i = tensor.ndim - 1; i >= 0; --i) {
    const std::int64_t size = tensor.shape[i];
    const std::int64_t stride =
        tensor.strides == nullptr ? packed / element_size : tensor.strides[i];
    if (size < 0) refuse("shape", "sizes of 0 or more", std::to_string(size));
    if (stride < 0) refuse("strides", "0 or more", std::to_string(stride));
    is_empty |= size == 0;
    std::int64_t reach = 0;
    fits = fits && !__builtin_mul_overflow(packed, std::max<std::int64_t>(size, 1), &packed) &&
           !__builtin_mul_overflow(std::max<std::int64_t>(size - 1, 0), stride, &reach) &&
           !__builtin_add_overflow(last, reach, &last) && packed <= kMostBytes &&
           last <= kMostBytes / element_size;
    if (!fits) refuse("shape", "at most 2^40 bytes", "more");
  }
  return is_empty ? 0 : (last + 1) * element_size;
}

/// The first element, which lies in memory that a tensor may have.
void* first_element(const knack_dl_tensor_t& tensor, std::int64_t bytes,
                    std::int64_t element_size) {
  const auto address = reinterpret_cast<std::uintptr_t>(tensor.data);
  std::uintptr_t first = 0;
  std::uintptr_t end = 0;
  if (bytes > 0 && tensor.data == nullptr) refuse("data", "memory", "NULL");
  if (__builtin_add_overflow(address, tensor.byte_offset, &first) ||
      __builtin_add_overflow(first, static_cast<std::uintptr_t>(bytes), &end)) {
    refuse("byte_offset", "an offset inside of the memory", std::to_string(tensor.byte_offset));
  }
  if (first % static_cast<std::uintptr_t>(element_size) != 0) {
    refuse("data", "memory aligned to the element of " + std::to_string(element_size) + " bytes",
           "other memory");
  }
  return reinterpret_cast<void*>(first);
}

at::Device device_of(const knack_dl_device_t& given) {
  if (given.device_type == KNACK_DL_CPU) return at::kCPU;
  if (given.device_type != KNACK_DL_CUDA) {
    refuse("device", "KNACK_DL_CPU or KNACK_DL_CUDA", std::to_string(given.device_type));
  }
  const int count = at::detail::getCUDAHooks().deviceCount();
  if (given.device_id < 0 || given.device_id >= count) {
    refuse("device", "one of " + std::to_string(count) + " CUDA devices",
           "number " + std::to_string(given.device_id));
  }
  return {at::kCUDA, static_cast<at::DeviceIndex>(given.device_id)};
}

/// What the tensors that share the memory of a struct keep alive.
template <class Managed>
struct Adoption {
  explicit Adoption(Managed* given) : managed(given) {}
  Adoption(const Adoption&) = delete;
  Adoption& operator=(const Adoption&) = delete;
  ~Adoption() {
    if (is_complete && managed->deleter != nullptr) managed->deleter(managed);
  }

  Managed* const managed;
  bool is_complete = false;  // until then the struct is the caller's
};

/// Destroys `keeper` when the last tensor that shares the memory is gone, or this fails.
template <class Keeper>
at::Tensor share(const knack_dl_tensor_t& tensor, std::unique_ptr<Keeper> keeper) {
  const at::ScalarType type = element_type(tensor.dtype);
  const auto element_size = static_cast<std::int64_t>(at::elementSize(type));
  const std::int64_t bytes = extent(tensor, element_size);
  void* first = first_element(tensor, bytes, element_size);
  const at::Device device = device_of(tensor.device);
  const at::IntArrayRef sizes(tensor.shape, static_cast<std::size_t>(tensor.ndim));
  c10::DimVector strides = c10::contiguous_strides(sizes);
  if (tensor.strides != nullptr) strides.assign(tensor.strides, tensor.strides + tensor.ndim);
  return at::for_blob(first, sizes)
      .strides(strides)
      .context(keeper.release(), [](void* kept) { delete static_cast<Keeper*>(kept); })
      .options(at::device(device).dtype(type))
      .target_device(device)
      .make_tensor();
}

/// Takes `managed` over as its last step: on failure, also of memory, it stays the caller's.
template <class Managed>
knack_tensor_t* adopt(Managed* managed) {
  const auto drop = [](knack_tensor_t* handle) { take_tensor(handle); };
  std::unique_ptr<knack_tensor_t, decltype(drop)> handle(give_tensor({}));
  auto adoption = std::make_unique<Adoption<Managed>>(managed);
  bool& is_complete = adoption->is_complete;
  tensor_of(handle.get()) = share(managed->dl_tensor, std::move(adoption));
  is_complete = true;
  return handle.release();
}

const at::Tensor& exportable(knack_tensor_t* handle) {
  if (!is_usable(handle)) refuse("tensor", "a defined tensor", "NULL or an undefined one");
  const at::Tensor& tensor = tensor_of(handle);
  if (tensor.layout() != at::kStrided) refuse("tensor", "a strided one", "another layout");
  if (tensor.requires_grad()) {
    refuse("tensor", "one without gradient; detach it first", "one that requires a gradient");
  }
  return tensor;
}

std::int32_t export_tensor(knack_tensor_t* handle, knack_dl_managed_t** out) {
  return to_status([&] {
    require(out);
    *out = reinterpret_cast<knack_dl_managed_t*>(at::toDLPackVersioned(exportable(handle)));
  });
}

std::int32_t export_unversioned(knack_tensor_t* handle, knack_dl_managed_unversioned_t** out) {
  return to_status([&] {
    require(out);
    *out = reinterpret_cast<knack_dl_managed_unversioned_t*>(at::toDLPack(exportable(handle)));
  });
}

std::int32_t import_tensor(knack_dl_managed_t* managed, knack_tensor_t** out) {
  return to_status([&] {
    require(managed, "managed");
    require(out);
    if (managed->version.major != KNACK_DL_MAJOR) {
      refuse("version", "DLPack 1", std::to_string(managed->version.major));
    }
    if ((managed->flags & KNACK_DL_READ_ONLY) != 0) {
      refuse("flags", "memory that may be written; copy it first", "KNACK_DL_READ_ONLY");
    }
    *out = adopt(managed);
  });
}

std::int32_t import_unversioned(knack_dl_managed_unversioned_t* managed, knack_tensor_t** out) {
  return to_status([&] {
    require(managed, "managed");
    require(out);
    *out = adopt(managed);
  });
}

constexpr knack_dlpack_api_t kTable = {.struct_size = sizeof(knack_dlpack_api_t),
                                       .reserved = 0,
                                       .export_tensor = export_tensor,
                                       .import_tensor = import_tensor,
                                       .export_unversioned = export_unversioned,
                                       .import_unversioned = import_unversioned};

}  // namespace

void register_dlpack() {
  register_extension(KNACK_EXT_DLPACK, &kTable);
}

}  // namespace knack::host
