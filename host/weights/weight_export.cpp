// SPDX-License-Identifier: MIT
#include "host/weights/weight_export.hpp"

#include <ATen/ATen.h>

#include <utility>
#include <vector>

#include "host/archive/tensor_file.hpp"
#include "host/common/error.hpp"

namespace knack::host {
namespace {

at::Tensor converted(const at::Tensor& tensor, const std::string& name, at::ScalarType dtype,
                     const std::filesystem::path& file) {
  const at::Tensor result = tensor.to(dtype);
  const bool overflows = at::isfinite(tensor).sum().item<std::int64_t>() !=
                         at::isfinite(result).sum().item<std::int64_t>();
  if (overflows) {
    throw Error("E0507", file,
                "tensor `" + name + "`: expected numbers that " + at::toString(dtype) +
                    " can hold, found larger ones; choose another --dtype, such "
                    "as bfloat16");
  }
  return result;
}

}  // namespace

ExportedWeights export_weights(const std::filesystem::path& from, const std::filesystem::path& to,
                               const WeightExport& changes) {
  const at::NoGradGuard no_grad;
  const SafetensorsReader reader(from);
  ExportedWeights exported;
  exported.metadata = reader.metadata();
  for (const auto& [key, text] : changes.metadata) exported.metadata[key] = text;
  std::vector<NamedTensor> tensors;
  for (const StoredTensor& stored : reader.tensors()) {
    if (changes.only && !changes.only->contains(stored.name)) continue;
    at::Tensor tensor = read_tensor(reader, stored);
    if (changes.dtype && tensor.is_floating_point()) {
      tensor = converted(tensor, stored.name, *changes.dtype, from);
    }
    exported.elements += tensor.numel();
    exported.bytes += tensor.nbytes();
    tensors.push_back({stored.name, std::move(tensor)});
  }
  exported.tensors = tensors.size();
  write_safetensors(to, TensorsToWrite(tensors).get(), exported.metadata);
  return exported;
}

}  // namespace knack::host
