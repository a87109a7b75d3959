// SPDX-License-Identifier: MIT
#include "host/checkpoint/atomic_file.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

#include "host/common/error.hpp"

namespace knack::host {

AtomicFile::AtomicFile(std::filesystem::path place) : place_(std::move(place)) {
  static std::atomic<unsigned> counter = 0;
  // Not mkstemp: its files are private to their owner, these have the user's usual mode.
  do {
    const std::string suffix = std::to_string(::getpid()) + "." + std::to_string(counter++);
    temporary_ = folder() / ("." + place_.filename().string() + "." + suffix + ".tmp");
    descriptor_ =
        FileDescriptor(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  } while (!descriptor_.is_open() && errno == EEXIST);
  if (!descriptor_.is_open()) {
    temporary_.clear();
    fail("create a file in its folder");
  }
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, std::size_t size) {
  if (!write_all(descriptor_.get(), data, size)) fail("write it");
}

void AtomicFile::write(std::string_view text) {
  write(text.data(), text.size());
}

void AtomicFile::commit() {
  if (::fsync(descriptor_.get()) != 0) fail("sync it to disk");
  if (::rename(temporary_.c_str(), place_.c_str()) != 0) fail("put it in place");
  temporary_.clear();
  const FileDescriptor parent(::open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.is_open()) fail("open its folder");
  // EINVAL: the file system has no such thing as syncing a folder.
  if (::fsync(parent.get()) != 0 && errno != EINVAL) fail("sync its folder to disk");
}

std::filesystem::path AtomicFile::folder() const {
  return place_.has_parent_path() ? place_.parent_path() : std::filesystem::path(".");
}

void AtomicFile::fail(const char* action) const {
  const int cause = errno;
  throw Error(ExitCode::data, place_.string() + ": cannot " + action + ": " + std::strerror(cause));
}

void write_file_atomically(const std::filesystem::path& place, std::string_view content) {
  AtomicFile file(place);
  file.write(content);
  file.commit();
}

}  // namespace knack::host
