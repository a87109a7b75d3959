// SPDX-License-Identifier: MIT
// A weight file as another one, for other programs.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace knack::host {

/// What becomes different.
struct WeightExport {
  std::optional<at::ScalarType> dtype;          ///< of floating tensors; none: each as it is
  std::optional<std::set<std::string>> only;    ///< tensors of these names; none: all
  std::map<std::string, std::string> metadata;  ///< laid over that of the file
};

/// What was written.
struct ExportedWeights {
  std::size_t tensors = 0;
  std::int64_t elements = 0;
  std::uint64_t bytes = 0;  ///< of the tensors
  std::map<std::string, std::string> metadata;
};

/// Writes the tensors of the safetensors file `from` to `to`, which is replaced as a whole or not at
/// all; the two may be one. Throws Error(data), also for a number that `dtype` is too narrow for.
ExportedWeights export_weights(const std::filesystem::path& from, const std::filesystem::path& to,
                               const WeightExport& changes);

}  // namespace knack::host
