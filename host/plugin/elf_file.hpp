// SPDX-License-Identifier: MIT
// Reads one section of a shared object without loading it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace knack::host {

/// The content of the section `name` of the shared object `file`; symbolic links are followed.
///
/// Meant for files nobody vouches for. It reads with pread (a file cut short meanwhile gives an
/// error, not SIGBUS), checks every offset, allocates at most 1 MiB for the section names and
/// 64 KiB for the content, and never blocks on a pipe. It also makes sure that the file holds all
/// that dlopen would map.
///
/// Throws Error(ExitCode::plugin) when `file` is not a complete 64-bit shared object of the
/// machine this host was compiled for, or has no such section.
std::string read_elf_section(const std::filesystem::path& file, std::string_view name);

}  // namespace knack::host
