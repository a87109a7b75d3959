// SPDX-License-Identifier: MIT
// LibTorch's tensors in safetensors files.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/checkpoint/safetensors.hpp"

namespace knack::host {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

/// Tensors as the writer of the format takes them: row-major, on the CPU. Keeps their memory.
class TensorsToWrite {
 public:
  /// Throws Error(data) for a dtype that the format does not have.
  explicit TensorsToWrite(const std::vector<NamedTensor>& tensors);

  const std::vector<TensorToWrite>& get() const {
    return entries_;
  }

 private:
  std::vector<at::Tensor> row_major_;
  std::vector<TensorToWrite> entries_;
};

/// The LibTorch dtype of one of the format's; nothing for one that LibTorch does not have.
std::optional<at::ScalarType> dtype_of(const StoredTensor& stored);

/// Reads one tensor onto the CPU. Throws Error(data).
at::Tensor read_tensor(const SafetensorsReader& reader, const StoredTensor& stored);

}  // namespace knack::host
