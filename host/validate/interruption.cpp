// SPDX-License-Identifier: MIT
#include "host/validate/interruption.hpp"

#include <signal.h>

#include <array>
#include <atomic>

namespace knack::host {
namespace {

constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};

std::atomic<int> noted = 0;
static_assert(std::atomic<int>::is_always_lock_free);

void note(int signal) {
  int none = 0;
  noted.compare_exchange_strong(none, signal);
}

void handle_by(void (*handler)(int)) {
  for (const int signal : kSignals) {
    struct sigaction before{};
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler == SIG_IGN) continue;
    struct sigaction action{};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace

Interruption::Interruption() {
  noted = 0;
  handle_by(note);
}

Interruption::~Interruption() {
  leave_to_default();
}

void Interruption::leave_to_default() {
  handle_by(SIG_DFL);
}

void Interruption::throw_if_any() {
  if (const int signal = noted) throw Interrupted{signal};
}

}  // namespace knack::host
