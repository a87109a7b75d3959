// SPDX-License-Identifier: MIT
#include "host/archive/tensor_file.hpp"

#include <ATen/ATen.h>

#include <array>
#include <utility>

#include "host/common/error.hpp"

namespace knack::host {
namespace {

constexpr std::array<std::pair<at::ScalarType, const char*>, 10> kDtypes = {{
    {at::kFloat, "F32"},
    {at::kDouble, "F64"},
    {at::kHalf, "F16"},
    {at::kBFloat16, "BF16"},
    {at::kLong, "I64"},
    {at::kInt, "I32"},
    {at::kShort, "I16"},
    {at::kChar, "I8"},
    {at::kByte, "U8"},
    {at::kBool, "BOOL"},
}};

const char* dtype_name(const NamedTensor& entry) {
  for (const auto& [known, name] : kDtypes) {
    if (known == entry.tensor.scalar_type()) return name;
  }
  throw Error("E0506", "tensor `" + entry.name + "`: its dtype " +
                           at::toString(entry.tensor.scalar_type()) +
                           " cannot be written as safetensors");
}

}  // namespace

TensorsToWrite::TensorsToWrite(const std::vector<NamedTensor>& tensors) {
  const at::NoGradGuard no_grad;
  for (const NamedTensor& entry : tensors) {
    const char* dtype = dtype_name(entry);
    const at::Tensor& tensor = row_major_.emplace_back(
        entry.tensor.detach().to(at::kCPU).contiguous(at::MemoryFormat::Contiguous));
    entries_.push_back(
        {entry.name, dtype, tensor.sizes().vec(), tensor.const_data_ptr(), tensor.nbytes()});
  }
}

std::optional<at::ScalarType> dtype_of(const StoredTensor& stored) {
  for (const auto& [type, name] : kDtypes) {
    if (name == stored.dtype) return type;
  }
  return std::nullopt;
}

at::Tensor read_tensor(const SafetensorsReader& reader, const StoredTensor& stored) {
  const std::optional<at::ScalarType> dtype = dtype_of(stored);
  if (!dtype) {
    throw Error("E0506", "tensor `" + stored.name + "`: its dtype " + stored.dtype +
                             " is none of LibTorch's");
  }
  at::Tensor tensor = at::empty(stored.shape, at::TensorOptions().dtype(*dtype));
  reader.read(stored, tensor.data_ptr());
  return tensor;
}

}  // namespace knack::host
