// SPDX-License-Identifier: MIT
#include "host/app/crash_report.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "host/common/alternate_stack.hpp"
#include "host/plugin/guard.hpp"

namespace knack::host {
namespace {

struct CrashSignal {
  int number;
  const char* name;
};

constexpr std::array<CrashSignal, 5> kSignals = {{{SIGSEGV, "SIGSEGV"},
                                                  {SIGBUS, "SIGBUS"},
                                                  {SIGFPE, "SIGFPE"},
                                                  {SIGILL, "SIGILL"},
                                                  {SIGABRT, "SIGABRT"}}};

constexpr std::size_t kNoteBytes = 4001;
std::array<std::array<char, kNoteBytes>, 2> notes{};  // the handler reads one, the next is written
std::atomic<const char*> current_note = notes[0].data();
std::atomic<pid_t> reporting_thread = 0;

// Everything below runs in a signal handler: no locks, no memory, no exceptions.

/// Collects a text to be written at once.
class Report {
 public:
  Report& operator<<(std::string_view text) {
    const std::size_t size = std::min(text.size(), text_.size() - size_);
    std::memcpy(text_.data() + size_, text.data(), size);
    size_ += size;
    return *this;
  }

  void write() const {
    for (std::size_t done = 0; done < size_;) {
      const ssize_t count = ::write(STDERR_FILENO, text_.data() + done, size_ - done);
      if (count <= 0) return;
      done += static_cast<std::size_t>(count);
    }
  }

 private:
  std::array<char, 16 << 10> text_;
  std::size_t size_ = 0;
};

const char* name_of(int signal) {
  for (const CrashSignal& known : kSignals) {
    if (known.number == signal) return known.name;
  }
  return "unknown signal";
}

/// "trick `ema` (instance `slow`), hook after_step"
void describe(Report& report, const Call& call) {
  const InstanceContext& instance = call.instance();
  report << instance.kind << " `" << instance.id << "` (instance `" << instance.name << "`), "
         << (instance.kind == "trick" ? "hook " : "function ") << call.function();
}

void write_report(int signal) {
  Report report;
  report << "\nknack: crash (" << name_of(signal) << ") ";
  if (const Call* call = Call::current()) {
    report << "in ";
    describe(report, *call);
    report << "\n  file: " << call->instance().file << "\n";
    for (const Call* outer = call->previous(); outer != nullptr; outer = outer->previous()) {
      report << "  within ";
      describe(report, *outer);
      report << "\n";
    }
  } else {
    report << "outside of all plugins: please report it, with the recipe and the log\n";
  }
  const std::string_view note = current_note.load();
  if (!note.empty()) report << "  " << note << "\n";
  report.write();
}

/// Ends the process as if there were no handler.
void leave_by(int signal, const siginfo_t& info) {
  ::signal(signal, SIG_DFL);
  const bool happens_again = info.si_code > 0;  // it was a fault of the instruction to return to
  if (!happens_again) ::raise(signal);
}

void on_crash(int signal, siginfo_t* info, void* /*context*/) {
  const int errno_before = errno;
  const pid_t self = ::gettid();
  pid_t reporting = 0;
  if (reporting_thread.compare_exchange_strong(reporting, self)) {
    write_report(signal);
  } else if (reporting != self) {
    for (;;) ::pause();  // the other thread ends the process
  }
  leave_by(signal, *info);
  errno = errno_before;
}

}  // namespace

void install_crash_report() {
  static const AlternateStack stack;
  for (const CrashSignal& crash : kSignals) {
    struct sigaction before{};
    ::sigaction(crash.number, nullptr, &before);
    if ((before.sa_flags & SA_SIGINFO) != 0 || before.sa_handler != SIG_DFL) continue;
    struct sigaction action{};
    action.sa_sigaction = on_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(crash.number, &action, nullptr);
  }
}

void set_crash_note(std::string_view note) {
  static std::size_t next = 0;
  next = 1 - next;
  auto& text = notes[next];
  const std::size_t size = std::min(note.size(), text.size() - 1);
  std::memcpy(text.data(), note.data(), size);
  text[size] = '\0';
  current_note.store(text.data());
}

}  // namespace knack::host
