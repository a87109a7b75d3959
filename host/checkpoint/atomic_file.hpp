// SPDX-License-Identifier: MIT
// Files that appear whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "host/common/file_descriptor.hpp"

namespace knack::host {

/// Writes a file under a temporary name beside its place and puts it there by commit(), in one
/// step and on disk even through a power cut. Whoever looks sees the old file or the new one.
///
/// Without commit() the temporary file is removed and what stood in the place stays. A place that
/// is a symbolic link is replaced by the file. Every failure throws Error(ExitCode::data) with the
/// path and the system's reason.
class AtomicFile {
 public:
  /// Opens the temporary file. The folder must exist.
  explicit AtomicFile(std::filesystem::path place);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(const void* data, std::size_t size);
  void write(std::string_view text);

  /// Syncs the file, renames it to its place and syncs the folder. To be called once, last.
  void commit();

 private:
  std::filesystem::path folder() const;
  [[noreturn]] void fail(const char* action) const;

  std::filesystem::path place_;
  std::filesystem::path temporary_;
  FileDescriptor descriptor_;
};

/// An AtomicFile of one piece.
void write_file_atomically(const std::filesystem::path& place, std::string_view content);

}  // namespace knack::host
