// SPDX-License-Identifier: MIT
#include "host/app/signals.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <limits>

namespace knack::host {
namespace {

constexpr std::array<int, 3> kStopping = {SIGINT, SIGTERM, SIGHUP};

std::atomic<RunRequests*> requested = nullptr;
// When `stop` was set, in milliseconds; in the instant before that is known, just now.
constexpr std::int64_t kNow = std::numeric_limits<std::int64_t>::max();
std::atomic<std::int64_t> asked_at = kNow;

void tell(const char* text) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

std::int64_t milliseconds_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

void on_stop(int signal) {
  constexpr std::int64_t kSameRequest = 300;  // sent twice, as some launchers do
  const int errno_before = errno;
  RunRequests* requests = requested.load();
  int before = 0;
  if (requests == nullptr) ::_exit(128 + signal);
  if (!requests->stop.compare_exchange_strong(before, signal)) {
    if (before == signal && milliseconds_now() - asked_at.load() < kSameRequest) return;
    ::_exit(128 + signal);
  }
  asked_at.store(milliseconds_now());
  tell("\nknack: finishing the step and saving; once more leaves at once\n");
  errno = errno_before;
}

void on_save(int) {
  if (RunRequests* requests = requested.load()) requests->save.store(true);
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction before{};
  ::sigaction(signal, nullptr, &before);
  if (before.sa_handler == SIG_IGN) return;
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

RunSignals::RunSignals(RunRequests& requests) {
  asked_at.store(kNow);
  requested.store(&requests);
  for (const int signal : kStopping) handle(signal, on_stop);
  handle(SIGUSR1, on_save);
}

RunSignals::~RunSignals() {
  for (const int signal : kStopping) handle(signal, SIG_DFL);
  handle(SIGUSR1, SIG_DFL);
  requested.store(nullptr);
}

const char* signal_name(int signal) {
  switch (signal) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    case SIGHUP:
      return "SIGHUP";
    default:
      return "a signal";
  }
}

}  // namespace knack::host
