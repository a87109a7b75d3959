// SPDX-License-Identifier: MIT
// What a model makes of every sample, as a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/archive/tensor_file.hpp"
#include "host/checkpoint/safetensors_stream.hpp"
#include "host/plugin/value.hpp"

namespace knack::host {

/// A safetensors file with the tensors `outputs` and `targets` of all samples in their order, the
/// samples being the first dimension. Of lists and maps each tensor is written under a name such as
/// `outputs.0` or `outputs.mask`; what is no tensor is left out. Batches go to disk as they come.
class PredictionsFile {
 public:
  /// Nothing is written before the first batch. `samples`: how many there will be.
  PredictionsFile(std::filesystem::path file, std::int64_t samples,
                  std::map<std::string, std::string> metadata);

  /// Throws Error(data) for tensors that are not one a sample, or differ from those of the batch
  /// before in more than their number of samples.
  void add(const Value& outputs, const Value& targets, std::int64_t samples);

  /// Puts the file in place. Throws Error(data).
  void commit();

 private:
  void begin(const std::vector<TensorToWrite>& batch, std::int64_t samples);
  void check(const std::vector<TensorToWrite>& batch, std::int64_t samples) const;
  [[noreturn]] void refuse(const std::string& problem) const;

  std::filesystem::path file_;
  std::int64_t samples_;
  std::map<std::string, std::string> metadata_;
  std::vector<TensorToWrite> tensors_;  // whole
  std::unique_ptr<SafetensorsStream> stream_;
};

}  // namespace knack::host
