// SPDX-License-Identifier: MIT
// Whether LibTorch can use a GPU, and why not.
#pragma once

#include <string>
#include <vector>

#include "host/doctor/finding.hpp"

namespace knack::host {

struct GpuFacts {
  bool is_built_in = false;               ///< LibTorch has CUDA
  int usable = 0;                         ///< devices that LibTorch sees
  bool has_driver = false;                ///< NVIDIA's, in the kernel
  std::string driver;                     ///< its version
  std::vector<std::string> models;        ///< of the GPUs that the driver knows
  bool has_device_files = false;          ///< /dev/nvidia0
  const char* visible_devices = nullptr;  ///< CUDA_VISIBLE_DEVICES
};

/// All but `is_built_in` and `usable`.
GpuFacts gather_gpu_facts();

Finding examine_gpu(const GpuFacts& facts);

}  // namespace knack::host
