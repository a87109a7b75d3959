// SPDX-License-Identifier: MIT
#include "host/plugin/plugin_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <tuple>
#include <utility>

#include "host/common/sha256.hpp"
#include "host/plugin/elf_file.hpp"
#include "host/plugin/refusal.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

// Without the time of the last change of status, which every hard link made or removed changes: a
// plugin that a package manager or a backup links meanwhile is still the same file.
auto comparable(const FileStamp& stamp) {
  return std::tuple(stamp.device, stamp.inode, stamp.size, stamp.modified.tv_sec,
                    stamp.modified.tv_nsec, stamp.mode, stamp.user, stamp.group);
}

}  // namespace

bool FileStamp::operator==(const FileStamp& other) const {
  return comparable(*this) == comparable(other);
}

OpenPlugin::OpenPlugin(fs::path path)
    : path_(std::move(path)),
      // O_NONBLOCK: opening a pipe nobody writes to would otherwise wait for ever.
      descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
  if (!descriptor_.is_open()) {
    refuse(path_, "file", "a readable shared object", std::strerror(errno),
           "check the path and its permissions");
  }
  const mode_t mode = stamp().mode;
  if (!S_ISREG(mode)) {
    refuse(path_, "file", "a regular file", S_ISDIR(mode) ? "a folder" : "a special file",
           "name a plugin's .so file");
  }
}

FileStamp OpenPlugin::stamp() const {
  struct stat status{};
  if (::fstat(descriptor_.get(), &status) != 0) {
    refuse(path_, "file", "a readable shared object", std::strerror(errno),
           "check the path and its permissions");
  }
  return {status.st_dev,  status.st_ino, status.st_size, status.st_mtim,
          status.st_mode, status.st_uid, status.st_gid};
}

fs::path OpenPlugin::folder() const {
  const fs::path link = "/proc/self/fd/" + std::to_string(descriptor_.get());
  std::error_code failure;
  const fs::path place = fs::read_symlink(link, failure);
  if (failure) {
    refuse(path_, "file", "its place in " + link.string(), failure.message(), "mount /proc");
  }
  return place.parent_path();
}

std::string OpenPlugin::section(std::string_view name) const {
  return read_elf_section(*this, name);
}

std::string OpenPlugin::sha256() const {
  try {
    return sha256_of_open_file(descriptor_.get(), path_);
  } catch (const ReadError& error) {
    refuse(path_, "file", "a readable shared object", std::strerror(error.cause()),
           "copy it again");
  }
}

fs::path OpenPlugin::loader_path() const {
  // Not /proc/self: a debugger that opens the library by this path is a process of its own.
  std::error_code failure;
  const fs::path self = fs::read_symlink("/proc/self", failure);
  return fs::path("/proc") / (failure ? "self" : self) / "fd" / std::to_string(descriptor_.get());
}

}  // namespace knack::host
