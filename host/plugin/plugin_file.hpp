// SPDX-License-Identifier: MIT
// A plugin file that is opened once, for the checks before loading and for loading alike.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "host/common/file_descriptor.hpp"

namespace knack::host {

/// Which file it is, who may write to it, and when somebody last did.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;  ///< in bytes
  timespec modified{};
  mode_t mode = 0;
  uid_t user = 0;
  gid_t group = 0;

  bool operator==(const FileStamp& other) const;
};

/// An open plugin file. Whatever its path leads to later, every answer is about the file that was
/// opened: a link that is swapped or a file that is renamed over it meanwhile changes nothing.
class OpenPlugin {
 public:
  /// Opens for reading, without ever blocking on a pipe. Throws Error(plugin) when `path` cannot be
  /// read or is no regular file.
  explicit OpenPlugin(std::filesystem::path path);

  /// As it was given; it names the file in messages.
  const std::filesystem::path& path() const {
    return path_;
  }
  int descriptor() const {
    return descriptor_.get();
  }

  /// As it is now. Throws Error(plugin).
  FileStamp stamp() const;

  /// The folder that the file lies in by now, symbolic links resolved. Throws Error(plugin).
  std::filesystem::path folder() const;

  /// The content of an ELF section; see elf_file.hpp.
  std::string section(std::string_view name) const;

  /// Of the content as it is now: 64 hex digits. Throws Error(plugin).
  std::string sha256() const;

  /// A path for dlopen that leads to this very file for as long as it is open, in this process and
  /// for debuggers of it. It must stay open after loading: dlopen knows libraries by their path, and
  /// the number of a closed descriptor is given to the next file.
  std::filesystem::path loader_path() const;

 private:
  std::filesystem::path path_;
  FileDescriptor descriptor_;
};

}  // namespace knack::host
