// SPDX-License-Identifier: MIT
#include "host/app/signals.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace knack::host {
namespace {

constexpr std::array<int, 3> kStopping = {SIGINT, SIGTERM, SIGHUP};

std::atomic<RunRequests*> requested = nullptr;

void tell(const char* text) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

void on_stop(int signal) {
  const int errno_before = errno;
  RunRequests* requests = requested.load();
  int none = 0;
  if (requests == nullptr || !requests->stop.compare_exchange_strong(none, signal)) {
    ::_exit(128 + signal);
  }
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
