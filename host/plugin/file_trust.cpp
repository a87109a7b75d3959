// SPDX-License-Identifier: MIT
#include "host/plugin/file_trust.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <vector>

#include "host/plugin/refusal.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOverride = "--trust-writable-plugins";
constexpr int kMostLinks = 40;                   // as for the kernel
constexpr std::size_t kLargestEntry = 1u << 20;  // of the user or group database, in bytes

std::string octal(mode_t mode) {
  char text[16];
  std::snprintf(text, sizeof(text), "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

/// Calls a reentrant look-up, such as getpwuid_r, until its buffer is large enough. False: no entry.
template <class Entry, class Id, class LookUp>
bool look_up(LookUp function, Id id, Entry& entry, std::vector<char>& buffer) {
  Entry* found = nullptr;
  for (buffer.resize(1024); buffer.size() <= kLargestEntry; buffer.resize(2 * buffer.size())) {
    const int failure = function(id, &entry, buffer.data(), buffer.size(), &found);
    if (failure != ERANGE) return failure == 0 && found != nullptr;
  }
  return false;
}

/// Whether others than the owner and the group may have rights: with an access control list, the
/// group's bits of the mode are the most that anybody in the list has.
bool has_access_list(const fs::path& path) {
  if (::getxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) >= 0) return true;
  return errno != ENODATA && errno != ENOTSUP;
}

std::optional<Distrust> examine_owner(const fs::path& path, uid_t user, const Identity& who,
                                      const char* command = "chown ") {
  if (user == 0 || user == who.user) return std::nullopt;
  return Distrust{path, "owner", "root or user " + std::to_string(who.user),
                  "user " + std::to_string(user),
                  "run: " + (command + std::to_string(who.user)) + " '" + path.string() + "'"};
}

std::optional<Distrust> examine(const fs::path& path, uid_t user, gid_t group, mode_t mode,
                                const Identity& who) {
  const std::string quoted = "'" + path.string() + "'";
  if (auto distrust = examine_owner(path, user, who)) return distrust;
  const auto is_own_group = [&] {  // asked only where it matters, as it may ask a server
    return group == who.group && !has_access_list(path) && who.is_private_group(who.user, group);
  };
  const bool by_group = (mode & S_IWGRP) != 0 && !is_own_group();
  const bool by_all = (mode & S_IWOTH) != 0;
  if (!by_group && !by_all) return std::nullopt;
  return Distrust{path, "mode", "a path that no other user can write to",
                  "mode " + octal(mode) + " of group " + std::to_string(group),
                  "run: chmod go-w " + quoted};
}

/// What is at `path` itself, be it a link.
struct stat status_of(const fs::path& path, const char* field) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    refuse(path, field, "one that can be looked at", std::strerror(errno),
           "check the path and its permissions");
  }
  return status;
}

std::optional<Distrust> examine_folder(const fs::path& folder, const Identity& who) {
  const struct stat status = status_of(folder, "folder");
  return examine(folder, status.st_uid, status.st_gid, status.st_mode, who);
}

/// Each link from `place` on, and the folder it lies in. A folder that others can write to lets
/// them say where its links lead.
std::optional<Distrust> examine_links(fs::path place, const Identity& who) {
  for (int i = 0; i <= kMostLinks; ++i) {
    std::error_code failure;
    const fs::path folder = fs::canonical(fs::absolute(place).parent_path(), failure);
    if (failure) {
      refuse(place, "folder", "one that can be looked at", failure.message(), "correct the path");
    }
    place = folder / place.filename();
    const struct stat status = status_of(place, "file");
    if (!S_ISLNK(status.st_mode)) return std::nullopt;
    if (auto distrust = examine_folder(folder, who)) return distrust;
    if (auto distrust = examine_owner(place, status.st_uid, who, "chown -h ")) return distrust;
    const fs::path target = fs::read_symlink(place, failure);
    if (failure) refuse(place, "file", "a link that can be read", failure.message(), "correct it");
    place = folder / target;
  }
  refuse(place, "file", "a readable shared object", std::strerror(ELOOP), "correct the links");
}

}  // namespace

bool is_private_group(uid_t user, gid_t group) {
  struct passwd user_entry{};
  struct group group_entry{};
  std::vector<char> user_text;
  std::vector<char> group_text;
  if (!look_up(::getpwuid_r, user, user_entry, user_text) ||
      !look_up(::getgrgid_r, group, group_entry, group_text)) {
    return false;
  }
  return has_only(group_entry, user_entry.pw_name);
}

bool has_only(const struct group& group, const char* user) {
  if (std::strcmp(group.gr_name, user) != 0) return false;
  for (char** member = group.gr_mem; *member != nullptr; ++member) {
    if (std::strcmp(*member, user) != 0) return false;
  }
  return true;
}

Identity current_identity() {
  return {::geteuid(), ::getegid()};
}

std::optional<Distrust> find_distrust(const OpenPlugin& file, const fs::path& place,
                                      const Identity& who) {
  const FileStamp stamp = file.stamp();
  if (auto distrust = examine(file.path(), stamp.user, stamp.group, stamp.mode, who)) {
    return distrust;
  }
  if (auto distrust = examine_folder(file.folder(), who)) return distrust;
  return examine_links(place, who);
}

void refuse(const Distrust& distrust) {
  refuse(distrust.path, distrust.field, distrust.expected, distrust.found,
         "check what it is, then " + distrust.fix + " or, to use it as it is, give " + kOverride,
         "E0405");
}

std::string warning_text(const Distrust& distrust) {
  return distrust.path.string() + ": " + distrust.field + ": expected " + distrust.expected +
         ", found " + distrust.found + "; used nevertheless, because of " + kOverride;
}

}  // namespace knack::host
