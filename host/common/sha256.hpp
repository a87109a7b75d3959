// SPDX-License-Identifier: MIT
// Checksums of files.
#pragma once

#include <filesystem>
#include <string>

#include "host/common/error.hpp"

namespace knack::host {

/// A file that is there and cannot be read.
class ReadError : public Error {
 public:
  ReadError(const std::filesystem::path& file, int cause);

  /// The system's number of the reason, such as EIO.
  int cause() const noexcept {
    return cause_;
  }

 private:
  int cause_;
};

/// The sha256 of a file's content as 64 hex digits. Throws ReadError.
std::string sha256_of_file(const std::filesystem::path& file);

/// The same of a file that is open for reading, from its first byte on; `file` names it in messages.
std::string sha256_of_open_file(int descriptor, const std::filesystem::path& file);

}  // namespace knack::host
