// SPDX-License-Identifier: MIT
#include "bench/interleaved.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace knack::bench {

Quartiles quartiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(place);
    const std::size_t high = std::min(low + 1, values.size() - 1);
    return std::lerp(values[low], values[high], place - static_cast<double>(low));
  };
  return {at(0.25), at(0.5), at(0.75)};
}

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void compare(const Comparison& comparison, const Effort& effort) {
  std::vector<double> subject;
  std::vector<double> reference;
  std::vector<double> ratios;
  for (int round = -1; round < effort.rounds; ++round) {
    double ours = 0.0;
    double theirs = 0.0;
    if (round % 2 == 0) {
      ours = seconds(comparison.subject);
      theirs = seconds(comparison.reference);
    } else {
      theirs = seconds(comparison.reference);
      ours = seconds(comparison.subject);
    }
    if (round < 0) continue;
    subject.push_back(ours);
    reference.push_back(theirs);
    ratios.push_back(ours / theirs);
  }
  const Quartiles ratio = quartiles(ratios);
  const std::string target =
      comparison.target ? "<= " + std::to_string(*comparison.target).substr(0, 4) : "-";
  std::printf("%-52s %7.3f  [%.3f %.3f] %8s %10.3f %10.3f\n", comparison.name.c_str(), ratio.median,
              ratio.lower, ratio.upper, target.c_str(), 1e3 * quartiles(subject).median,
              1e3 * quartiles(reference).median);
  std::fflush(stdout);
}

void print_heading(const std::string& title) {
  std::printf("\n%-52s %7s  %-13s %8s %10s %10s\n", title.c_str(), "ratio", "[quartiles]", "target",
              "ms", "ms, other");
}

}  // namespace knack::bench
