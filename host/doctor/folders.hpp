// SPDX-License-Identifier: MIT
// Whether a folder can be written to, and whether there is room.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "host/doctor/finding.hpp"

namespace knack::host {

/// Less free space than this, in bytes, is worth a warning; less than a tenth of it is a problem.
struct Room {
  std::int64_t wanted;
};

/// Writes a small file into the folder, or where it is not there into the nearest folder above it,
/// and removes it again.
Finding examine_folder(const std::string& subject, const std::filesystem::path& folder, Room room,
                       bool must_exist);

}  // namespace knack::host
