// SPDX-License-Identifier: MIT
#include "host/validate/process_state.hpp"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cfenv>
#include <clocale>
#include <limits>

namespace knack::host {
namespace {

std::vector<std::string> present_environment() {
  std::vector<std::string> lines;
  for (char** line = ::environ; line != nullptr && *line != nullptr; ++line) {
    lines.emplace_back(*line);
  }
  return lines;
}

::mode_t present_mask() {
  const ::mode_t mask = ::umask(0);
  ::umask(mask);
  return mask;
}

/// False where very small numbers become 0, as in a library that is linked with -ffast-math.
bool keeps_denormals() {
  const volatile double smallest = std::numeric_limits<double>::min();
  return smallest / 2 != 0;
}

}  // namespace

ProcessState::ProcessState()
    : environment_(present_environment()),
      folder_(std::filesystem::current_path()),
      mask_(present_mask()),
      locale_(std::setlocale(LC_ALL, nullptr)),
      rounding_(std::fegetround()),
      has_denormals_(keeps_denormals()) {
  for (int signal = 1; signal < NSIG; ++signal) {
    ::sigaction(signal, nullptr, &handlers_[static_cast<std::size_t>(signal)]);
  }
  ::sigprocmask(SIG_SETMASK, nullptr, &blocked_);
}

std::vector<std::string> ProcessState::changes() const {
  const ProcessState now;
  std::vector<std::string> changes;
  const auto add_if = [&](bool has_changed, const std::string& what) {
    if (has_changed) changes.push_back(what);
  };
  for (int signal = 1; signal < NSIG; ++signal) {
    const auto i = static_cast<std::size_t>(signal);
    const char* name = ::sigabbrev_np(signal);
    const std::string text = name == nullptr ? std::to_string(signal) : "SIG" + std::string(name);
    add_if(handlers_[i].sa_handler != now.handlers_[i].sa_handler ||
               handlers_[i].sa_flags != now.handlers_[i].sa_flags,
           "the handler of " + text);
    add_if(::sigismember(&blocked_, signal) != ::sigismember(&now.blocked_, signal),
           "whether " + text + " is blocked");
  }
  add_if(environment_ != now.environment_, "the environment");
  add_if(folder_ != now.folder_, "the current folder");
  add_if(mask_ != now.mask_, "the umask");
  add_if(locale_ != now.locale_, "the locale");
  add_if(rounding_ != now.rounding_, "how numbers are rounded");
  add_if(has_denormals_ != now.has_denormals_,
         "whether very small numbers become 0 (do not link with -ffast-math)");
  return changes;
}

}  // namespace knack::host
