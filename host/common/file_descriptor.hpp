// SPDX-License-Identifier: MIT
// An owned POSIX file descriptor, and reads and writes that do not stop half way.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace knack::host {

/// Closes its descriptor when it dies. A negative number means "none".
class FileDescriptor {
 public:
  explicit FileDescriptor(int number = -1) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor() {
    if (number_ >= 0) ::close(number_);
  }

  int get() const {
    return number_;
  }
  bool is_open() const {
    return number_ >= 0;
  }

 private:
  int number_;
};

/// Reads `size` bytes at `offset` and returns how many there were; fewer mean the end of the file
/// or, with errno set to other than 0, a failure.
inline std::size_t read_at(int descriptor, void* buffer, std::size_t size, std::uint64_t offset) {
  std::size_t done = 0;
  errno = 0;
  while (done < size) {
    const ::ssize_t got = ::pread(descriptor, static_cast<char*>(buffer) + done, size - done,
                                  static_cast<::off_t>(offset + done));
    if (got == 0) break;
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      break;
    } else {
      errno = 0;
    }
  }
  return done;
}

/// Writes all of `size` bytes; false means a failure, with its cause in errno.
inline bool write_all(int descriptor, const void* data, std::size_t size) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ::ssize_t written = ::write(descriptor, next, size);
    if (written >= 0) {
      next += written;
      size -= static_cast<std::size_t>(written);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace knack::host
