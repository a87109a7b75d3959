// SPDX-License-Identifier: MIT
// Checksums of files.
#pragma once

#include <filesystem>
#include <string>

namespace knack::host {

/// The sha256 of a file's content as 64 hex digits. Throws Error(ExitCode::data) when the file
/// cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace knack::host
