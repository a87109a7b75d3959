// SPDX-License-Identifier: MIT
// Refuses plugin files that somebody else could have put in place.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "host/plugin/plugin_file.hpp"

namespace knack::host {

/// The user and primary group on whose behalf plugins would run.
struct Identity {
  uid_t user;
  gid_t group;
};

/// The effective user and group of this process.
Identity current_identity();

/// Why a plugin file is not to be trusted, in the parts of a refusal (see refusal.hpp).
struct Distrust {
  std::filesystem::path path;  ///< of the file or of its folder
  std::string field;           ///< "owner" or "mode"
  std::string expected;
  std::string found;
  std::string fix;
};

/// Nothing when neither `file` nor the folder it really lies in (symbolic links resolved) can be
/// changed by anybody but root and `who`; a plugin runs with all the rights of its user.
///
/// Each of the two must belong to root or to `who`, must not be writable by all, sticky or not,
/// and may be writable by its group only when that is the primary group of `who`: with umask 002
/// that is everybody's private group, and refusing it would refuse what such users build.
/// Folders further up are not looked at. Throws Error(plugin) when the folder cannot be seen.
std::optional<Distrust> find_distrust(const OpenPlugin& file, Identity who = current_identity());

/// Throws Error(plugin) naming the path, its mode or owner, the command that helps and the option
/// that overrides this.
[[noreturn]] void refuse(const Distrust& distrust);

/// One line that says what `--trust-writable-plugins` let pass.
std::string warning_text(const Distrust& distrust);

}  // namespace knack::host
