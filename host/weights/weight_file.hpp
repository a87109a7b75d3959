// SPDX-License-Identifier: MIT
// Weight sets as safetensors files with PyTorch's state-dict names.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/archive/tensor_file.hpp"
#include "host/weights/weight_set.hpp"

namespace knack::host {

/// Which tensors of a set a file has: those of the state dict, or every one, as checkpoints need.
enum class FileContent { persistent, all };

std::vector<NamedTensor> tensors_of(const WeightStore& store, const WeightSet& set,
                                    FileContent content);

/// Writes the persistent tensors of a set, row-major, atomically. Throws Error(data).
void save_weights(const WeightStore& store, const WeightSet& set, const std::filesystem::path& file,
                  const std::map<std::string, std::string>& metadata = {});

/// How the names in a file become those of a model.
struct WeightNames {
  std::string strip_prefix = {};         ///< removed where a name in the file begins with it
  std::vector<std::string> ignore = {};  ///< patterns as of a shell, of names of the model
  bool may_be_advised = false;           ///< they are the recipe's, so an error may advise others
};

/// Reads a file into a set, tensor by name, converting floating dtypes. Every tensor that
/// `content` asks for must be there and no other, but for those to ignore, which stay as they are
/// in the set. Throws Error(data) with a table of missing, unexpected and misshapen tensors; the set
/// is then unchanged.
void load_weights(const WeightStore& store, WeightSet& set, const std::filesystem::path& file,
                  FileContent content = FileContent::persistent, const WeightNames& names = {});

}  // namespace knack::host
