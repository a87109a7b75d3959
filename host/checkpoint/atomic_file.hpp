// SPDX-License-Identifier: MIT
// Files that appear whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "host/checkpoint/output_file.hpp"

namespace knack::host {

/// Writes a file under a temporary name beside its place and puts it there by commit(), in one
/// step and on disk even through a power cut. Whoever looks sees the old file or the new one.
///
/// Without commit() the temporary file is removed and what stood in the place stays. A place that
/// is a symbolic link is replaced by the file; one that is a folder, a device, a pipe or a file in
/// /proc such as that of /dev/stdout, or leads to one, is refused. Every failure throws
/// Error(ExitCode::data) with the path and the reason.
class AtomicFile {
 public:
  /// Opens the temporary file. The folder must exist.
  explicit AtomicFile(std::filesystem::path place);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  OutputFile& output() {
    return output_;
  }

  /// Syncs the file, renames it to its place and syncs the folder. To be called once, last.
  void commit();

 private:
  std::filesystem::path place_;
  std::filesystem::path temporary_;
  OutputFile output_;
};

/// An AtomicFile of one piece.
void write_file_atomically(const std::filesystem::path& place, std::string_view content);

/// Puts a copy of `from` into `place` as AtomicFile does.
void copy_file_atomically(const std::filesystem::path& from, const std::filesystem::path& place);

/// Renames a file or folder that is whole. Throws Error(data).
void put_in_place(const std::filesystem::path& from, const std::filesystem::path& to);

/// Makes a folder and those above it; true when it was not there. Throws Error(data), which ends
/// with `next_step` where there is one.
bool make_folders(const std::filesystem::path& folder, const std::string& next_step = {});

/// A hidden name beside `place` that no other process and no other call of this one gets.
std::filesystem::path temporary_beside(const std::filesystem::path& place);

/// Removes from `folder` what a process that was killed left under such names. Nobody may be
/// writing there.
void remove_temporaries(const std::filesystem::path& folder) noexcept;

}  // namespace knack::host
