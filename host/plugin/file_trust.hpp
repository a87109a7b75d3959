// SPDX-License-Identifier: MIT
// Refuses plugin files that somebody else could have put in place.
#pragma once

#include <sys/types.h>

#include <filesystem>

namespace knack::host {

/// The user and primary group on whose behalf plugins would run.
struct Identity {
  uid_t user;
  gid_t group;
};

/// The effective user and group of this process.
Identity current_identity();

/// Returns when neither `file` nor the folder it really lies in (symbolic links resolved) can be
/// changed by anybody but root and `who`; a plugin runs with all the rights of its user.
///
/// Each of the two must belong to root or to `who`, must not be writable by all, sticky or not,
/// and may be writable by its group only when that is the primary group of `who`: with umask 002
/// that is everybody's private group, and refusing it would refuse what such users build.
/// Folders further up are not looked at.
///
/// Throws Error(ExitCode::plugin) naming the path, its mode or owner, and the command that helps.
void check_file_trust(const std::filesystem::path& file, Identity who = current_identity());

}  // namespace knack::host
