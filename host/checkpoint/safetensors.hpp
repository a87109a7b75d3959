// SPDX-License-Identifier: MIT
// The safetensors format: a length of 8 bytes, a JSON header, then the tensors' bytes.
// https://huggingface.co/docs/safetensors
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/checkpoint/output_file.hpp"
#include "host/common/file_descriptor.hpp"

namespace knack::host {

/// Bytes an element of `dtype` takes, a name of the format such as `F32` or `BF16`; 0 for a name
/// the format does not have.
std::size_t element_size(std::string_view dtype);

/// A tensor to be written: dense, in row-major order, little endian.
struct TensorToWrite {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;  ///< empty for a number
  const void* data = nullptr;       ///< borrowed
  std::size_t bytes = 0;            ///< must be what dtype and shape say
};

/// Writes `tensors` to `file` by AtomicFile. Those with the largest elements come first, so each
/// starts at a multiple of its element's size; equal input gives equal bytes.
///
/// Throws Error(ExitCode::data) for a tensor whose parts do not agree, for a name given twice and
/// for everything that goes wrong on disk. The file is then as it was before.
void write_safetensors(const std::filesystem::path& file, const std::vector<TensorToWrite>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

/// The same to a file that the caller syncs and puts in place; messages speak of `shown`.
void write_safetensors(OutputFile& output, const std::filesystem::path& shown,
                       const std::vector<TensorToWrite>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

/// Where a tensor lies in its file.
struct StoredTensor {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t offset = 0;  ///< from the start of the file
  std::uint64_t bytes = 0;
};

/// Reads a safetensors file nobody vouches for. Only the header is kept in memory.
///
/// The constructor checks the whole header before anything is believed: its length (at most 100 MB
/// and within the file), its JSON, every name (once), data type and shape, and that the tensors
/// fill the rest of the file without gap or overlap. All throw Error(ExitCode::data) naming the
/// file, the tensor, what was expected and what was found. Files of other programs are recognised
/// and the message says how to convert them; see recognise_foreign_file().
class SafetensorsReader {
 public:
  explicit SafetensorsReader(std::filesystem::path file);

  /// All tensors in the order in which they lie in the file.
  const std::vector<StoredTensor>& tensors() const {
    return tensors_;
  }

  const std::map<std::string, std::string>& metadata() const {
    return metadata_;
  }

  /// The tensor called `name`, or null.
  const StoredTensor* find(const std::string& name) const;

  /// Copies the bytes of `tensor`, one of tensors(), to `buffer`, which has room for
  /// `tensor.bytes`.
  void read(const StoredTensor& tensor, void* buffer) const;

 private:
  void open();
  std::string read_header();
  void parse_header(const std::string& header);
  void check_layout();
  void refuse_foreign() const;
  [[noreturn]] void refuse(const std::string& place, const std::string& expected,
                           const std::string& found) const;

  std::filesystem::path file_;
  FileDescriptor descriptor_;
  std::uint64_t file_size_ = 0;
  std::uint64_t data_begin_ = 0;
  std::vector<StoredTensor> tensors_;
  std::unordered_map<std::string, std::size_t> index_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace knack::host
