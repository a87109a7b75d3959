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

[[noreturn]] void fail_at(const std::filesystem::path& path, const char* action) {
  const int cause = errno;
  throw Error(ExitCode::data, path.string() + ": cannot " + action + ": " + std::strerror(cause));
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
