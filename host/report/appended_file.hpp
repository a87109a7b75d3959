// SPDX-License-Identifier: MIT
// A file that grows by whole records.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

namespace knack::host {

/// Each record is written and flushed as a whole. All functions throw Error(data) naming the file
/// when it cannot be written.
class AppendedFile {
 public:
  /// Goes on behind what the file holds already.
  explicit AppendedFile(std::filesystem::path path);

  void append(std::string_view record);

  /// Brings all records to disk and returns how many bytes they take.
  std::uint64_t sync();

  /// Forgets the records behind the first `bytes`. False when there are not that many.
  bool cut(std::uint64_t bytes);

  const std::filesystem::path& path() const {
    return path_;
  }

 private:
  [[noreturn]] void fail() const;

  struct Close {
    void operator()(std::FILE* file) const {
      std::fclose(file);
    }
  };
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace knack::host
