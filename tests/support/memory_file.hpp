// SPDX-License-Identifier: MIT
// A regular file that never touches a disk, for tests that rewrite one thousands of times.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "host/common/file_descriptor.hpp"

namespace knack::testing {

class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("test", MFD_CLOEXEC)) {
    if (!descriptor_.is_open()) throw std::runtime_error("cannot make a file in memory");
  }

  /// Opens as often as needed while this object lives.
  std::filesystem::path path() const {
    return "/proc/self/fd/" + std::to_string(descriptor_.get());
  }

  /// Makes `bytes` the whole content.
  void assign(std::string_view bytes) {
    if (::ftruncate(descriptor_.get(), 0) != 0 || ::lseek(descriptor_.get(), 0, SEEK_SET) != 0 ||
        !host::write_all(descriptor_.get(), bytes.data(), bytes.size())) {
      throw std::runtime_error("cannot write to a file in memory");
    }
  }

 private:
  host::FileDescriptor descriptor_;
};

}  // namespace knack::testing
