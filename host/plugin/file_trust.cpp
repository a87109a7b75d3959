// SPDX-License-Identifier: MIT
#include "host/plugin/file_trust.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <system_error>

#include "host/plugin/refusal.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

std::string octal(mode_t mode) {
  char text[16];
  std::snprintf(text, sizeof(text), "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

void check_one(const fs::path& path, Identity who) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    refuse(path, "file", "an existing path", std::strerror(errno),
           "check the path and its permissions");
  }
  const std::string quoted = "'" + path.string() + "'";
  if (status.st_uid != 0 && status.st_uid != who.user) {
    refuse(path, "owner", "root or user " + std::to_string(who.user),
           "user " + std::to_string(status.st_uid),
           "check what it is, then run: chown " + std::to_string(who.user) + " " + quoted);
  }
  const bool by_group = (status.st_mode & S_IWGRP) != 0 && status.st_gid != who.group;
  const bool by_all = (status.st_mode & S_IWOTH) != 0;
  if (by_group || by_all) {
    refuse(path, "mode", "a path that no other user can write to",
           "mode " + octal(status.st_mode) + " of group " + std::to_string(status.st_gid),
           "check what it is, then run: chmod go-w " + quoted);
  }
}

}  // namespace

Identity current_identity() {
  return {::geteuid(), ::getegid()};
}

void check_file_trust(const fs::path& file, Identity who) {
  std::error_code failure;
  const fs::path real = fs::canonical(file, failure);
  if (failure) {
    refuse(file, "file", "an existing path", failure.message(),
           "check the path and its permissions");
  }
  check_one(real, who);
  check_one(real.parent_path(), who);
}

}  // namespace knack::host
