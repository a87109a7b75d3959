// SPDX-License-Identifier: MIT
// The bytes of a file, decompressed when it is a gzip file.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace idx {

/// Reads a plain or gzip file front to back; which one it is follows from its content, not its
/// name. Every failure is a FileError: missing file, I/O error, damaged or truncated gzip stream.
class Stream {
 public:
  explicit Stream(const std::filesystem::path& file);

  /// Reads up to `size` bytes and returns how many there were; fewer only at the end.
  std::size_t read(std::uint8_t* buffer, std::size_t size);

  bool is_compressed() const {
    return compressed_;
  }

  /// Size of the file on disk in bytes.
  std::uint64_t file_size() const {
    return file_size_;
  }

  /// The most bytes the file can hold, decompressed.
  std::uint64_t capacity() const;

 private:
  struct Close {
    void operator()(gzFile file) const {
      gzclose_r(file);
    }
  };

  std::filesystem::path path_;
  std::uint64_t file_size_ = 0;
  std::unique_ptr<gzFile_s, Close> file_;
  bool compressed_ = false;
};

}  // namespace idx
