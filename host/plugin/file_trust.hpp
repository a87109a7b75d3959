// SPDX-License-Identifier: MIT
// Refuses plugin files that somebody else could have put in place.
#pragma once

#include <grp.h>
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "host/plugin/plugin_file.hpp"

namespace knack::host {

/// Whether `group` is called as `user` is and lists nobody else as a member.
bool has_only(const struct group& group, const char* user);

/// The same by the databases of users and groups; false for those that are not in them.
bool is_private_group(uid_t user, gid_t group);

/// The user and primary group on whose behalf plugins would run.
struct Identity {
  uid_t user;
  gid_t group;
  bool (*is_private_group)(uid_t user, gid_t group) = host::is_private_group;
};

/// The effective user and group of this process.
Identity current_identity();

/// Why a plugin file is not to be trusted, in the parts of a refusal (see refusal.hpp).
struct Distrust {
  std::filesystem::path path;  ///< of the file, of its folder, of a link or of a link's folder
  std::string field;           ///< "owner" or "mode"
  std::string expected;
  std::string found;
  std::string fix;
};

/// Nothing when nobody but root and `who` can change what is loaded for `place`, where `file` was
/// found: the file, the folder it really lies in and, when `place` is a link, that link and each
/// further one with the folder it lies in. A plugin runs with all the rights of its user.
///
/// Each of them must belong to root or to `who`. But for the links, each must not be writable by
/// all, sticky or not, and may be writable by its group only when that is the private group of
/// `who` and there is no access control list: with umask 002 that is how such users build.
/// Folders further up are not looked at. Throws Error(plugin) when one of them cannot be seen.
std::optional<Distrust> find_distrust(const OpenPlugin& file, const std::filesystem::path& place,
                                      const Identity& who = current_identity());

/// Throws Error(plugin) naming the path, its mode or owner, the command that helps and the option
/// that overrides this.
[[noreturn]] void refuse(const Distrust& distrust);

/// One line that says what `--trust-writable-plugins` let pass.
std::string warning_text(const Distrust& distrust);

}  // namespace knack::host
