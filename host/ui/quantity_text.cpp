// SPDX-License-Identifier: MIT
#include "host/ui/quantity_text.hpp"

#include <spdlog/fmt/fmt.h>

#include <array>

#include "host/ui/table.hpp"

namespace knack::host {
namespace {

/// Three digits of `value`, after as many divisions by `base` as make it smaller than that.
std::string scaled_text(std::int64_t value, double base, const std::array<const char*, 5>& units) {
  double rest = static_cast<double>(value);
  std::size_t unit = 0;
  while (rest >= base && unit + 1 < units.size()) {
    rest /= base;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} {}", value, units[0]);
  const int decimals = rest < 10 ? 2 : rest < 100 ? 1 : 0;
  return fmt::format("{:.{}f} {}", rest, decimals, units[unit]);
}

}  // namespace

std::string count_text(std::int64_t count) {
  std::string text = std::to_string(count);
  const std::size_t first_digit = count < 0 ? 1 : 0;
  for (std::size_t end = text.size(); end > first_digit + 3;) text.insert(end -= 3, ",");
  return text;
}

std::string bytes_text(std::int64_t bytes) {
  return scaled_text(bytes, 1024, {"B", "KiB", "MiB", "GiB", "TiB"});
}

std::string flops_text(std::int64_t flops) {
  return scaled_text(flops, 1000, {"FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP"});
}

std::string time_text(double seconds) {
  return seconds < 0.1 ? fmt::format("{:.2g} ms", 1000.0 * seconds) : duration_text(seconds);
}

std::string four_digits_text(double value) {
  return fmt::format("{:.4g}", value);
}

std::string share_text(double share) {
  return fmt::format("{:.2f} %", 100.0 * share);
}

}  // namespace knack::host
