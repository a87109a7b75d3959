// SPDX-License-Identifier: MIT
// A folder that is there for a while.
#pragma once

#include <filesystem>
#include <system_error>
#include <utility>

namespace knack::host {

/// Removes the folder `path`, with all that is in it, in the end; it may be gone by then.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const {
    return path_;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace knack::host
