// SPDX-License-Identifier: MIT
#include "host/explain/memory_folder.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>

#include <filesystem>

#include "host/common/error.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMemory = "/dev/shm";
constexpr const char* kPrefix = "knack-explain-";

/// A lock on a folder, which ends with the process at the latest; closed if another has it.
FileDescriptor lock(const fs::path& folder) {
  FileDescriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (file.is_open() && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  return FileDescriptor();
}

void remove_abandoned() {
  std::error_code failure;
  for (fs::directory_iterator entry(kMemory, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (!entry->path().filename().string().starts_with(kPrefix)) continue;
    const FileDescriptor abandoned = lock(entry->path());
    std::error_code ignored;
    if (abandoned.is_open()) fs::remove_all(entry->path(), ignored);
  }
}

}  // namespace

MemoryFolder::MemoryFolder() {
  remove_abandoned();
  std::string path = std::string(kMemory) + "/" + kPrefix + "XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return;
  place_ = std::make_unique<TemporaryFolder>(path);
  lock_ = lock(path);
  try {
    folder_ = std::make_unique<RunFolder>(RunFolder::create(place_->path() / "run"));
  } catch (const Error&) {
  }
}

}  // namespace knack::host
