// SPDX-License-Identifier: MIT
// A new file, usually written from front to back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "host/common/file_descriptor.hpp"

namespace knack::host {

/// Every failure throws Error(ExitCode::data) with a path and the system's reason.
class OutputFile {
 public:
  /// Creates `file`, which must not exist, in a folder that does. Messages speak of `shown`.
  OutputFile(const std::filesystem::path& file, std::filesystem::path shown);
  explicit OutputFile(const std::filesystem::path& file) : OutputFile(file, file) {}

  void write(const void* data, std::size_t size);
  void write(std::string_view text);

  /// At `offset` from the start; what comes next follows there.
  void write_at(std::uint64_t offset, const void* data, std::size_t size);

  /// Returns once the content is on disk.
  void sync();

  /// Throws Error "SHOWN: cannot ACTION: REASON", the reason from errno.
  [[noreturn]] void fail(const char* action) const;

 private:
  std::filesystem::path shown_;
  FileDescriptor descriptor_;
};

/// Returns once the names that a folder holds are on disk. Throws as OutputFile does.
void sync_folder(const std::filesystem::path& folder);

/// Returns once the content of a file that was written before is on disk. Throws as OutputFile
/// does.
void sync_file(const std::filesystem::path& file);

}  // namespace knack::host
