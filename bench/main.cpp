// SPDX-License-Identifier: MIT
// knack_bench [--smoke] [hook_dispatch] [step_overhead] [ema]
#include <malloc.h>

#include <array>
#include <cstdio>
#include <exception>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/benchmarks.hpp"

namespace {

using knack::bench::Effort;

constexpr std::array<std::pair<std::string_view, void (*)(const Effort&)>, 3> kBenchmarks{{
    {"hook_dispatch", &knack::bench::hook_dispatch},
    {"step_overhead", &knack::bench::step_overhead},
    {"ema", &knack::bench::ema},
}};

int run(const std::vector<std::string_view>& arguments) {
  Effort effort;
  std::vector<void (*)(const Effort&)> chosen;
  for (const std::string_view argument : arguments) {
    if (argument == "--smoke") {
      effort = {.rounds = 1, .smoke = true};
      continue;
    }
    const std::size_t before = chosen.size();
    for (const auto& [name, benchmark] : kBenchmarks) {
      if (name == argument) chosen.push_back(benchmark);
    }
    if (chosen.size() == before) {
      std::fprintf(stderr, "usage: knack_bench [--smoke] [hook_dispatch] [step_overhead] [ema]\n");
      return 2;
    }
  }
  for (const auto& [name, benchmark] : kBenchmarks) {
    if (chosen.empty()) benchmark(effort);
  }
  for (const auto benchmark : chosen) benchmark(effort);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // As the knack binary does: memory that was freed is kept for the next step.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
