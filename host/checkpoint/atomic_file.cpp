// SPDX-License-Identifier: MIT
#include "host/checkpoint/atomic_file.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "host/common/error.hpp"
#include "host/common/file_descriptor.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnding = ".tmp";

fs::path folder_of(const fs::path& place) {
  return place.has_parent_path() ? place.parent_path() : fs::path(".");
}

/// Whether `place` is in /proc or a link there, as /dev/stdout is: whoever names it means a file
/// that is open.
bool leads_to_open_file(fs::path place) {
  constexpr int kMostLinks = 40;  // as many as Linux follows
  std::error_code failure;
  for (int links = 0; links < kMostLinks; ++links) {
    struct statfs system{};
    if (::statfs(folder_of(place).c_str(), &system) != 0) return false;
    if (system.f_type == PROC_SUPER_MAGIC) return true;
    const fs::path target = fs::read_symlink(place, failure);
    if (failure) return false;
    place = folder_of(place) / target;
  }
  return false;
}

// A file put in its place would be the end of a device or a pipe, such as of /dev/null for all.
fs::path replaceable(fs::path place) {
  std::error_code ignored;
  const fs::file_status found = fs::status(place, ignored);
  const bool is_special = fs::exists(found) && !fs::is_regular_file(found);
  if (is_special || leads_to_open_file(place)) {
    throw Error("E0503", place,
                std::string("expected a regular file or none, found ") +
                    (fs::is_directory(found) ? "a folder" : "a special file") +
                    "; name another file");
  }
  return place;
}

}  // namespace

AtomicFile::AtomicFile(fs::path place)
    : place_(replaceable(std::move(place))),
      temporary_(temporary_beside(place_)),
      output_(temporary_, place_) {}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::commit() {
  output_.sync();
  if (::rename(temporary_.c_str(), place_.c_str()) != 0) output_.fail("put it in place");
  temporary_.clear();
  sync_folder(folder_of(place_));
}

void write_file_atomically(const fs::path& place, std::string_view content) {
  AtomicFile file(place);
  file.output().write(content);
  file.commit();
}

void copy_file_atomically(const fs::path& from, const fs::path& place) {
  constexpr std::size_t kBlock = 1 << 20;
  const FileDescriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  const int cause = errno;
  AtomicFile copy(place);
  if (!source.is_open()) {
    errno = cause;
    copy.output().fail(("copy " + from.string() + " to it").c_str());
  }
  std::vector<char> block(kBlock);
  std::uint64_t offset = 0;
  for (std::size_t got = kBlock; got == kBlock; offset += got) {
    got = read_at(source.get(), block.data(), kBlock, offset);
    if (errno != 0) copy.output().fail(("copy " + from.string() + " to it").c_str());
    copy.output().write(block.data(), got);
  }
  copy.commit();
}

void put_in_place(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::rename(from, to, failure);
  if (failure) {
    throw Error("E0503", to, "cannot be put in place: " + failure.message());
  }
}

bool make_folders(const fs::path& folder, const std::string& next_step) {
  std::error_code failure;
  const bool is_new = fs::create_directories(folder, failure);
  if (failure) {
    throw Error("E0503", folder,
                "cannot make this folder: " + failure.message() +
                    (next_step.empty() ? "" : "; " + next_step));
  }
  return is_new;
}

fs::path temporary_beside(const fs::path& place) {
  static std::atomic<unsigned> counter = 0;
  fs::path temporary;
  std::error_code ignored;
  do {
    const std::string suffix = std::to_string(::getpid()) + "." + std::to_string(counter++);
    temporary = folder_of(place) / ("." + place.filename().string() + "." + suffix + kEnding);
  } while (fs::exists(fs::symlink_status(temporary, ignored)));
  return temporary;
}

void remove_temporaries(const fs::path& folder) noexcept {
  std::error_code failure;
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(folder, failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    const std::string name = entry->path().filename();
    if (name.starts_with('.') && name.ends_with(kEnding)) found.push_back(entry->path());
  }
  for (const fs::path& path : found) fs::remove_all(path, failure);
}

}  // namespace knack::host
