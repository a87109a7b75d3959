// SPDX-License-Identifier: MIT
// Weight files of other programs, recognised so that a message can say how to convert them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace knack::host {

/// A file of another format.
struct ForeignFile {
  std::string what;                ///< "a PyTorch checkpoint"
  std::vector<std::string> helps;  ///< what to do about it; commands stand on lines of their own
};

/// Recognises by their first bytes, and zip archives by the names in them, what people have in
/// place of a safetensors file: files of torch.save() in both of its formats, TorchScript, other
/// pickles, ONNX, HDF5, NumPy, GGUF, and what a download left that failed. Nothing for all else.
/// `file` is what the commands convert.
std::optional<ForeignFile> recognise_foreign_file(int descriptor, std::uint64_t size,
                                                  const std::filesystem::path& file);

}  // namespace knack::host
