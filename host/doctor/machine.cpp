// SPDX-License-Identifier: MIT
#include "host/doctor/machine.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "host/common/join.hpp"
#include "host/common/kernel_files.hpp"
#include "host/ui/quantity_text.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> known_features(const std::string& flags) {
  const std::vector<std::string> known = {"avx2",        "fma",      "avx512f",  "avx512_vnni",
                                          "avx512_bf16", "amx_bf16", "amx_int8", "asimd",
                                          "sve",         "bf16"};
  std::istringstream words(flags);
  std::vector<std::string> found;
  for (std::string word; words >> word;) {
    if (std::find(known.begin(), known.end(), word) != known.end()) found.push_back(word);
  }
  return found;
}

std::string first_line(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

/// The folders of this process's control groups (version 2, or 1's `controller`), innermost first.
std::vector<fs::path> control_groups(const std::string& controller) {
  const fs::path root = "/sys/fs/cgroup";
  std::ifstream file("/proc/self/cgroup");
  std::vector<fs::path> folders;
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool is_unified = controllers == ",,";
    if (!is_unified && controllers.find("," + controller + ",") == std::string::npos) continue;
    const fs::path top = is_unified ? root : root / controller;
    fs::path inside = line.substr(second + 1);
    while (true) {
      folders.push_back(top / inside.relative_path());
      if (inside.relative_path().empty()) break;
      inside = inside.parent_path();
    }
  }
  return folders;
}

/// The least quota in cores of all control groups around this process.
std::optional<double> processor_quota() {
  std::optional<double> least;
  const auto note = [&](const std::string& quota, const std::string& period) {
    const double cores = std::atof(quota.c_str()) / std::max(std::atof(period.c_str()), 1.0);
    if (cores > 0) least = std::min(least.value_or(cores), cores);
  };
  for (const fs::path& folder : control_groups("cpu")) {
    std::istringstream both(first_line(folder / "cpu.max"));
    std::string quota;
    std::string period;
    if (both >> quota >> period && quota != "max") note(quota, period);
    note(first_line(folder / "cpu.cfs_quota_us"), first_line(folder / "cpu.cfs_period_us"));
  }
  return least;
}

std::optional<std::int64_t> memory_limit() {
  std::optional<std::int64_t> least;
  for (const fs::path& folder : control_groups("memory")) {
    for (const char* name : {"memory.max", "memory.limit_in_bytes"}) {
      std::istringstream text(first_line(folder / name));
      std::int64_t limit = 0;
      constexpr std::int64_t kNone = std::int64_t{1} << 60;  // version 1 says so by a large number
      if (text >> limit && limit < kNone) least = std::min(least.value_or(limit), limit);
    }
  }
  return least;
}

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

std::int64_t kibibytes(const std::string& text) {
  return std::atoll(text.c_str()) * 1024;
}

Finding examine_processor(const MachineFacts& facts) {
  Finding finding{Health::ok, "processor", facts.cpu, ""};
  finding.found +=
      ", " + (facts.features.empty() ? "no vector features known" : join(facts.features, " "));
  finding.found += "; LibTorch uses " + facts.capability;
  const bool has_vectors =
      std::find(facts.features.begin(), facts.features.end(), "avx2") != facts.features.end();
  if (has_vectors && facts.capability == "DEFAULT") {
    finding.health = Health::warning;
    finding.advice = "LibTorch uses none of the vector instructions; unset ATEN_CPU_CAPABILITY";
  }
  return finding;
}

Finding examine_threads(const MachineFacts& facts) {
  Finding finding{Health::ok, "threads", "", ""};
  finding.found = std::to_string(facts.threads) + " by default, on " +
                  std::to_string(facts.usable_cores) + " of " + std::to_string(facts.cores) +
                  " cores";
  if (facts.quota) {
    finding.found += ", of which the container may use " + short_number_text(*facts.quota);
  }
  const double usable = std::min(static_cast<double>(facts.usable_cores),
                                 facts.quota.value_or(std::numeric_limits<double>::infinity()));
  if (facts.threads > std::ceil(usable)) {
    finding.health = Health::warning;
    finding.advice =
        "more threads than cores wait for one another; set OMP_NUM_THREADS or "
        "trainer.threads to " +
        std::to_string(std::max(1, static_cast<int>(usable)));
  }
  return finding;
}

Finding examine_memory(const MachineFacts& facts) {
  constexpr std::int64_t kLittle = std::int64_t{512} << 20;
  Finding finding{Health::ok, "memory", "", ""};
  finding.found = bytes_text(facts.available_memory) + " available of " + bytes_text(facts.memory);
  if (facts.memory_limit) {
    finding.found += "; the container may use " + bytes_text(*facts.memory_limit);
  }
  if (std::min(facts.available_memory, facts.memory_limit.value_or(facts.available_memory)) <
      kLittle) {
    finding.health = Health::warning;
    finding.advice = "end other programs, or give the container more";
  }
  return finding;
}

}  // namespace

MachineFacts gather_machine_facts() {
  MachineFacts facts;
  auto cpu = kernel_values("/proc/cpuinfo");
  facts.cpu = cpu.count("model name") != 0 ? cpu["model name"] : "an unknown processor";
  facts.features = known_features(cpu["flags"] + " " + cpu["Features"]);
  facts.cores = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  facts.usable_cores = usable_cores();
  facts.quota = processor_quota();
  auto memory = kernel_values("/proc/meminfo");
  facts.memory = kibibytes(memory["MemTotal"]);
  facts.available_memory = kibibytes(memory["MemAvailable"]);
  facts.memory_limit = memory_limit();
  return facts;
}

Findings examine_machine(const MachineFacts& facts) {
  return {examine_processor(facts), examine_threads(facts), examine_memory(facts)};
}

}  // namespace knack::host
