// SPDX-License-Identifier: MIT
#include "host/doctor/folders.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "host/common/file_descriptor.hpp"
#include "host/ui/quantity_text.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

fs::path nearest_existing(fs::path folder) {
  std::error_code absent;
  while (!fs::exists(folder, absent) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

/// Why a file of this many bytes cannot be written there; 0: it can.
int try_to_write(const fs::path& folder, std::size_t bytes) {
  std::string name = (folder / ".knack_doctor_XXXXXX").string();
  const FileDescriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (file.get() < 0) return errno;
  const std::vector<char> content(bytes);
  const ssize_t written = ::write(file.get(), content.data(), content.size());
  const int failure =
      written < 0 ? errno : (static_cast<std::size_t>(written) < bytes ? ENOSPC : 0);
  ::unlink(name.c_str());
  return failure;
}

}  // namespace

Finding examine_folder(const std::string& subject, const fs::path& folder, Room room,
                       bool must_exist) {
  constexpr std::size_t kTrial = 64 << 10;
  Finding finding{Health::ok, subject, folder.string(), ""};
  std::error_code failure;
  const fs::path place = nearest_existing(fs::absolute(folder, failure));
  const bool is_there = fs::is_directory(folder, failure);
  if (!is_there && (must_exist || fs::exists(folder, failure))) {
    return {Health::problem, subject,
            folder.string() + (must_exist ? " is not there" : " is no folder"),
            "make the folder, or name another"};
  }
  if (!is_there) finding.found += " (to be made in " + place.string() + ")";
  if (const int error = try_to_write(place, kTrial); error != 0) {
    finding.health = Health::problem;
    finding.found += " cannot be written to: " + std::generic_category().message(error);
    finding.advice = error == ENOSPC || error == EDQUOT
                         ? "make room there, or name a folder on another disk"
                         : "correct its permissions (chown, chmod u+rwx), or name another folder";
    return finding;
  }
  struct statvfs disk{};
  if (::statvfs(place.c_str(), &disk) != 0) return finding;
  const auto available =
      static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
  finding.found += ", " + bytes_text(available) + " free";
  if (available < room.wanted) {
    finding.health = available < room.wanted / 10 ? Health::problem : Health::warning;
    finding.advice = "make room there: " + bytes_text(room.wanted) + " are advisable";
  }
  return finding;
}

}  // namespace knack::host
