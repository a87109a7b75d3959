// SPDX-License-Identifier: MIT
// Reads one section of a shared object without loading it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "host/plugin/plugin_file.hpp"

namespace knack::host {

/// The content of the section `name` of the shared object `file`.
///
/// Meant for files nobody vouches for. It reads with pread (a file cut short meanwhile gives an
/// error, not SIGBUS), checks every offset, allocates at most 1 MiB for the section names and
/// 64 KiB for the content, and never blocks on a pipe. It also makes sure that the file holds all
/// that dlopen would map.
///
/// Throws Error(ExitCode::plugin) when `file` is not a complete 64-bit shared object of the
/// machine this host was compiled for, or has no such section.
std::string read_elf_section(const OpenPlugin& file, std::string_view name);

/// The same of the file at a path; symbolic links are followed.
std::string read_elf_section(const std::filesystem::path& file, std::string_view name);

/// The folders in which `file` says that the libraries it needs are to be looked for (DT_RUNPATH or
/// DT_RPATH), colon separated; empty when it says none. Reads and throws as read_elf_section().
std::string read_elf_runpath(const OpenPlugin& file);

}  // namespace knack::host
