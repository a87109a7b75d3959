// SPDX-License-Identifier: MIT
// What the kernel and its drivers tell about the machine, in files of text.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace knack::host {

/// The values of lines `key : value` by their key; of equal keys the first. Nothing when there is
/// no such file.
std::map<std::string, std::string> kernel_values(const std::filesystem::path& file);

/// The models of the GPUs that NVIDIA's driver knows, whether or not this program can use them.
std::vector<std::string> nvidia_models();

}  // namespace knack::host
