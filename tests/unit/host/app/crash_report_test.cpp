// SPDX-License-Identifier: MIT
#include "host/app/crash_report.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

namespace knack::host {
namespace {

using ::testing::KilledBySignal;

class CrashReport : public ::testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(OfEverySignal, CrashReport,
                         ::testing::Values(SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT));

TEST_P(CrashReport, BlamesNoPluginWhenNoneIsRunningAndEndsByTheSignal) {
  const auto crash = [&] {
    install_crash_report();
    ::raise(GetParam());
  };
  EXPECT_EXIT(crash(), KilledBySignal(GetParam()), "knack: crash \\(SIG[A-Z]+\\) outside of all");
}

TEST(CrashReportNote, IsTheOneThatWasSetLast) {
  const auto crash = [] {
    install_crash_report();
    for (const char* note : {"first", "second", "third"}) set_crash_note(note);
    ::raise(SIGSEGV);
  };
  EXPECT_EXIT(crash(), KilledBySignal(SIGSEGV), "the log\n  third\n$");
}

TEST(CrashReportNote, MayBeOfAnyLength) {
  const auto crash = [] {
    install_crash_report();
    set_crash_note(std::string(100'000, 'x'));
    ::raise(SIGSEGV);
  };
  EXPECT_EXIT(crash(), KilledBySignal(SIGSEGV), "  xxx[x]*\n$");
}

TEST(CrashReports, AreWrittenOnceWhenThreadsCrashTogether) {
  const auto crash = [] {
    install_crash_report();
    std::array<std::jthread, 8> threads;
    for (std::jthread& thread : threads) {
      thread = std::jthread([]() __attribute__((no_sanitize("undefined"))) {
        *static_cast<volatile int*>(nullptr) = 1;
      });
    }
  };
  EXPECT_EXIT(crash(), KilledBySignal(SIGSEGV), "^\nknack: crash [^\n]*\n$");
}

TEST(CrashReports, LeaveASignalThatIsHandledAlreadyToItsHandler) {
  const auto handle = [] {
    ::signal(SIGFPE, [](int) { ::_exit(7); });
    install_crash_report();
    ::raise(SIGFPE);
  };
  EXPECT_EXIT(handle(), ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace knack::host
