// SPDX-License-Identifier: MIT
// A safetensors file of tensors that come piece by piece and need not fit into memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/checkpoint/atomic_file.hpp"
#include "host/checkpoint/safetensors.hpp"

namespace knack::host {

/// All failures throw Error(ExitCode::data). Without commit() the file is as it was before.
class SafetensorsStream {
 public:
  /// `tensors` give names, dtypes, shapes and bytes; their data comes by append().
  SafetensorsStream(const std::filesystem::path& file, std::vector<TensorToWrite> tensors,
                    const std::map<std::string, std::string>& metadata);

  /// The next `bytes` of tensors[index]. Throws if that is more than there is room for.
  void append(std::size_t index, const void* data, std::size_t bytes);

  /// Puts the file in place. Throws if a tensor is not complete.
  void commit();

 private:
  struct Room {
    std::uint64_t next = 0;  ///< offset in the file
    std::uint64_t end = 0;
  };

  [[noreturn]] void refuse(std::size_t index, const std::string& problem) const;

  std::filesystem::path file_;
  std::vector<TensorToWrite> tensors_;
  std::vector<Room> rooms_;  // by index in tensors_
  AtomicFile atomic_;
};

}  // namespace knack::host
