// SPDX-License-Identifier: MIT
// The libraries in this process, and those of which there should be one only.
#pragma once

#include <filesystem>
#include <vector>

#include "host/doctor/finding.hpp"

namespace knack::host {

/// The shared libraries that are loaded now, links resolved, each once.
std::vector<std::filesystem::path> loaded_libraries();

/// Of OpenMP, LibTorch, Protocol Buffers and fmt.
Findings examine_libraries(const std::vector<std::filesystem::path>& loaded);

}  // namespace knack::host
