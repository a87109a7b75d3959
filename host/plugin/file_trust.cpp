// SPDX-License-Identifier: MIT
#include "host/plugin/file_trust.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "host/plugin/refusal.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOverride = "--trust-writable-plugins";

std::string octal(mode_t mode) {
  char text[16];
  std::snprintf(text, sizeof(text), "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

std::optional<Distrust> examine(const fs::path& path, uid_t user, gid_t group, mode_t mode,
                                Identity who) {
  const std::string quoted = "'" + path.string() + "'";
  if (user != 0 && user != who.user) {
    return Distrust{path, "owner", "root or user " + std::to_string(who.user),
                    "user " + std::to_string(user),
                    "run: chown " + std::to_string(who.user) + " " + quoted};
  }
  const bool by_group = (mode & S_IWGRP) != 0 && group != who.group;
  const bool by_all = (mode & S_IWOTH) != 0;
  if (!by_group && !by_all) return std::nullopt;
  return Distrust{path, "mode", "a path that no other user can write to",
                  "mode " + octal(mode) + " of group " + std::to_string(group),
                  "run: chmod go-w " + quoted};
}

}  // namespace

Identity current_identity() {
  return {::geteuid(), ::getegid()};
}

std::optional<Distrust> find_distrust(const OpenPlugin& file, Identity who) {
  const FileStamp stamp = file.stamp();
  auto distrust = examine(file.path(), stamp.user, stamp.group, stamp.mode, who);
  if (distrust) return distrust;
  const fs::path folder = file.folder();
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0) {
    refuse(folder, "folder", "that of " + file.path().string(), std::strerror(errno),
           "check the path and its permissions");
  }
  return examine(folder, status.st_uid, status.st_gid, status.st_mode, who);
}

void refuse(const Distrust& distrust) {
  refuse(distrust.path, distrust.field, distrust.expected, distrust.found,
         "check what it is, then " + distrust.fix + " or, to use it as it is, give " + kOverride);
}

std::string warning_text(const Distrust& distrust) {
  return distrust.path.string() + ": " + distrust.field + ": expected " + distrust.expected +
         ", found " + distrust.found + "; used nevertheless, because of " + kOverride;
}

}  // namespace knack::host
