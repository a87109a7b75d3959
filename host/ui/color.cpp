// SPDX-License-Identifier: MIT
#include "host/ui/color.hpp"

#include <unistd.h>

#include <atomic>

#include "host/common/environment_variable.hpp"

namespace knack::host {
namespace {

std::atomic<ColorChoice> chosen = ColorChoice::automatic;

const char* sequence(Paint paint) {
  switch (paint) {
    case Paint::bold:
      return "\x1b[1m";
    case Paint::dim:
      return "\x1b[2m";
    case Paint::red:
      return "\x1b[1;31m";
    case Paint::yellow:
      return "\x1b[33m";
    case Paint::green:
      return "\x1b[32m";
  }
  return "";
}

}  // namespace

void choose_color(ColorChoice choice) {
  chosen.store(choice);
}

bool has_color(int stream) {
  const ColorChoice choice = chosen.load();
  if (choice != ColorChoice::automatic) return choice == ColorChoice::always;
  if (!environment_variable("NO_COLOR").empty()) return false;
  const std::string_view force = environment_variable("CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return true;
  return isatty(stream) != 0 && environment_variable("TERM") != "dumb";
}

std::string painted(std::string_view text, Paint paint, bool is_on) {
  return is_on ? sequence(paint) + std::string(text) + "\x1b[0m" : std::string(text);
}

}  // namespace knack::host
