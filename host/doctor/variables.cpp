// SPDX-License-Identifier: MIT
#include "host/doctor/variables.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace knack::host {
namespace {

/// What the names of variables begin with that are listed when they are set.
constexpr std::array<std::string_view, 13> kListed = {
    "ATEN_",      "CUDA_",   "GLIBC_TUNABLES", "GOMP_", "KMP_",     "KNACK_", "LD_LIBRARY_PATH",
    "LD_PRELOAD", "MALLOC_", "MKL_",           "OMP_",  "PYTORCH_", "TORCH_"};

bool is_listed(std::string_view name) {
  for (const std::string_view prefix : kListed) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

Finding examine(const std::string& name, const std::string& value, int usable_cores) {
  Finding finding{Health::ok, name, value.empty() ? "set, and empty" : value, ""};
  const auto warn = [&](const std::string& advice) {
    finding.health = Health::warning;
    finding.advice = advice;
  };
  if (name == "OMP_NUM_THREADS" && std::atoi(value.c_str()) > usable_cores) {
    warn("more threads than cores wait for one another; set it to " + std::to_string(usable_cores) +
         " at most, or unset it");
  } else if (name == "LD_PRELOAD" && !value.empty()) {
    warn("what is loaded before everything else can break LibTorch; unset it unless you need it");
  } else if (name == "MALLOC_PERTURB_" || name == "MALLOC_CHECK_") {
    warn("it slows every allocation; unset it unless you search for an error");
  } else if (name == "MALLOC_ARENA_MAX" && value == "1") {
    warn("all threads then wait for one another to allocate; unset it or take 2 or more");
  }
  return finding;
}

}  // namespace

Variables variables_of_process() {
  Variables variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

Findings examine_variables(const Variables& variables, int usable_cores) {
  Findings findings;
  for (const auto& [name, value] : variables) {
    if (is_listed(name)) findings.push_back(examine(name, value, usable_cores));
  }
  if (findings.empty())
    findings.push_back({Health::ok, "variables", "none is set that matters", ""});
  return findings;
}

}  // namespace knack::host
