// SPDX-License-Identifier: MIT
// Ratios of running times on a machine that others use too.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace knack::bench {

/// How much a benchmark does: a measurement, or only enough to show that it runs.
struct Effort {
  int rounds = 15;
  bool smoke = false;
};

/// Two ways to do one job.
struct Comparison {
  std::string name;
  std::function<void()> subject;
  std::function<void()> reference;
  std::optional<double> target = std::nullopt;  ///< the ratio hoped for, at most
};

/// Quarter points of a sample.
struct Quartiles {
  double lower = 0.0;
  double median = 0.0;
  double upper = 0.0;
};

/// `values` must not be empty. Linear between neighbours.
Quartiles quartiles(std::vector<double> values);

/// Seconds that one call takes.
double seconds(const std::function<void()>& work);

/// Runs subject and reference in turn, the order changing each round, after one round that is not
/// counted. Prints a line with the quartiles of subject time / reference time and the median times.
void compare(const Comparison& comparison, const Effort& effort);

/// The heading of the lines of compare().
void print_heading(const std::string& title);

}  // namespace knack::bench
