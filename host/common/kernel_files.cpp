// SPDX-License-Identifier: MIT
#include "host/common/kernel_files.hpp"

#include <fstream>
#include <system_error>

namespace knack::host {

namespace fs = std::filesystem;

std::map<std::string, std::string> kernel_values(const fs::path& file) {
  std::map<std::string, std::string> values;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0) continue;
    const std::string key = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1);
    const std::size_t start = line.find_first_not_of(" \t", colon + 1);
    values.emplace(key, start == std::string::npos ? "" : line.substr(start));
  }
  return values;
}

std::vector<std::string> nvidia_models() {
  std::vector<std::string> models;
  std::error_code absent;
  for (const auto& gpu : fs::directory_iterator("/proc/driver/nvidia/gpus", absent)) {
    const std::string model = kernel_values(gpu.path() / "information")["Model"];
    if (!model.empty()) models.push_back(model);
  }
  return models;
}

}  // namespace knack::host
