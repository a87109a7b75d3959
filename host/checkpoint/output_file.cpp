// SPDX-License-Identifier: MIT
#include "host/checkpoint/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "host/common/error.hpp"

namespace knack::host {
namespace {

/// What to do about a failure, with a semicolon in front.
const char* advice_for(int cause) {
  switch (cause) {
    case ENOSPC:
    case EDQUOT:
      return "; make room on its disk, or choose a folder on another";
    case EFBIG:
      return "; raise the limit on the size of files, such as `ulimit -f`";
    case EACCES:
    case EPERM:
    case EROFS:
      return "; check its permissions, or choose another folder";
    default:
      return "";
  }
}

[[noreturn]] void fail_at(const std::filesystem::path& path, const char* action) {
  const int cause = errno;
  throw Error("E0503", path,
              std::string("cannot ") + action + ": " + std::strerror(cause) + advice_for(cause));
}

void sync(const std::filesystem::path& path, int flags) {
  const FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (!descriptor.is_open()) fail_at(path, "open it");
  // EINVAL: the file system has no such thing as syncing this.
  if (::fsync(descriptor.get()) != 0 && errno != EINVAL) fail_at(path, "sync it to disk");
}

}  // namespace

OutputFile::OutputFile(const std::filesystem::path& file, std::filesystem::path shown)
    : shown_(std::move(shown)),
      // Not mkstemp: its files are private to their owner, these have the user's usual mode.
      descriptor_(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {
  if (!descriptor_.is_open()) fail("create a file in its folder");
}

void OutputFile::write(const void* data, std::size_t size) {
  if (!write_all(descriptor_.get(), data, size)) fail("write it");
}

void OutputFile::write(std::string_view text) {
  write(text.data(), text.size());
}

void OutputFile::write_at(std::uint64_t offset, const void* data, std::size_t size) {
  if (::lseek(descriptor_.get(), static_cast<::off_t>(offset), SEEK_SET) < 0) fail("write it");
  write(data, size);
}

void OutputFile::sync() {
  if (::fsync(descriptor_.get()) != 0) fail("sync it to disk");
}

void OutputFile::fail(const char* action) const {
  fail_at(shown_, action);
}

void sync_folder(const std::filesystem::path& folder) {
  sync(folder, O_DIRECTORY);
}

void sync_file(const std::filesystem::path& file) {
  sync(file, 0);
}

}  // namespace knack::host
