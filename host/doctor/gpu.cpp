// SPDX-License-Identifier: MIT
#include "host/doctor/gpu.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include "host/common/join.hpp"
#include "host/common/kernel_files.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

/// "550.54.14" in "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 ..."
std::string version_in(std::istream& file) {
  std::string line;
  std::getline(file, line);
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    if (word.find_first_not_of("0123456789.") == std::string::npos) return word;
  }
  return "of an unknown version";
}

/// Why LibTorch has CUDA and sees no device, and what helps.
Finding examine_unusable(const GpuFacts& facts) {
  Finding finding{Health::warning, "GPU", "LibTorch has CUDA, but no device can be used: ", ""};
  const std::string_view visible = facts.visible_devices == nullptr ? "" : facts.visible_devices;
  if (facts.visible_devices != nullptr && (visible.empty() || visible == "-1")) {
    finding.found += "CUDA_VISIBLE_DEVICES hides them all";
    finding.advice = "unset CUDA_VISIBLE_DEVICES, or train with trainer.device cpu";
  } else if (!facts.has_driver) {
    finding.found += "this machine has no NVIDIA driver";
    finding.advice = "install the driver, or train with trainer.device cpu";
  } else if (!facts.has_device_files) {
    finding.found += "driver " + facts.driver + " is there, but /dev/nvidia0 is not";
    finding.advice = "in a container, start it with its GPUs (docker run --gpus all)";
  } else {
    finding.found += "driver " + facts.driver + " may be too old for this LibTorch";
    finding.advice = "compare the driver's version with what LibTorch's CUDA needs; run nvidia-smi";
  }
  return finding;
}

}  // namespace

GpuFacts gather_gpu_facts() {
  GpuFacts facts;
  std::ifstream version("/proc/driver/nvidia/version");
  facts.has_driver = version.good();
  if (facts.has_driver) facts.driver = version_in(version);
  facts.models = nvidia_models();
  std::error_code absent;
  facts.has_device_files = fs::exists("/dev/nvidia0", absent);
  facts.visible_devices = std::getenv("CUDA_VISIBLE_DEVICES");
  return facts;
}

Finding examine_gpu(const GpuFacts& facts) {
  const std::string there = facts.models.empty() ? "a GPU of NVIDIA" : join(facts.models);
  if (facts.usable > 0) {
    return {Health::ok, "GPU",
            std::to_string(facts.usable) + " usable (" + there + "), driver " + facts.driver, ""};
  }
  if (facts.is_built_in) return examine_unusable(facts);
  if (facts.has_driver) {
    return {Health::warning, "GPU", there + " is there, but this LibTorch has no CUDA",
            "build knack with a LibTorch that has CUDA: set Torch_DIR"};
  }
  return {Health::ok, "GPU", "none; LibTorch is without CUDA", ""};
}

}  // namespace knack::host
