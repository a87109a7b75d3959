// SPDX-License-Identifier: MIT
// Processor and memory, and what a container leaves of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/doctor/finding.hpp"

namespace knack::host {

struct MachineFacts {
  std::string cpu;                    ///< model name
  std::vector<std::string> features;  ///< of those that LibTorch has code for, such as "avx2"
  std::string capability;             ///< which of them LibTorch uses: "AVX2", "DEFAULT"
  int cores = 0;                      ///< that are online
  int usable_cores = 0;               ///< that this process may run on
  std::optional<double> quota;        ///< cores' worth of time that the container may use
  int threads = 0;                    ///< that LibTorch starts by default
  std::int64_t memory = 0;            ///< bytes
  std::int64_t available_memory = 0;  ///< bytes
  std::optional<std::int64_t> memory_limit;  ///< bytes, of the container
};

/// All but `capability` and `threads`.
MachineFacts gather_machine_facts();

Findings examine_machine(const MachineFacts& facts);

}  // namespace knack::host
