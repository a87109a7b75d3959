// SPDX-License-Identifier: MIT
#include "host/validate/child_process.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "host/validate/clean_text.hpp"

namespace knack::host {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

ChildEnd run(const std::function<std::string()>& work, const ChildLimits& limits = {seconds(30)}) {
  ChildProcess child(work, limits);
  while (!child.has_ended()) std::this_thread::sleep_for(milliseconds(1));
  return child.end();
}

TEST(ChildProcess, GivesBackWhatTheFunctionReturnedAndPrinted) {
  const ChildEnd end = run([] {
    std::puts("printed");
    std::fputs("to the other stream", stderr);
    return std::string("returned");
  });
  EXPECT_EQ(end.result, "returned");
  EXPECT_THAT(end.output, HasSubstr("printed\n"));
  EXPECT_THAT(end.output, HasSubstr("to the other stream"));
  EXPECT_EQ(end.signal, 0);
  EXPECT_FALSE(end.is_late);
}

TEST(ChildProcess, ChangesNothingHere) {
  static int number = 1;
  const ChildEnd end = run([] {
    number = 2;
    ::setenv("KNACK_CHILD", "1", 1);
    return std::string("done");
  });
  EXPECT_EQ(end.result, "done");
  EXPECT_EQ(number, 1);
  EXPECT_EQ(std::getenv("KNACK_CHILD"), nullptr);
}

TEST(ChildProcess, NamesTheSignalThatEndedIt) {
  const ChildEnd end = run([]() -> std::string {
    ::signal(SIGABRT, SIG_DFL);
    std::abort();
  });
  EXPECT_EQ(end.signal, SIGABRT);
  EXPECT_EQ(crash_text(end), "crashed: SIGABRT (Aborted)");
  EXPECT_EQ(end.result, "");
}

TEST(ChildProcess, SeesThatItEndedByItself) {
  const ChildEnd end = run([]() -> std::string { std::_Exit(7); });
  EXPECT_EQ(end.exit_code, 7);
  EXPECT_EQ(end.result, "");
}

TEST(ChildProcess, IsKilledWithItsChildrenWhenItIsLate) {
  const auto start = std::chrono::steady_clock::now();
  const ChildEnd end = run(
      []() -> std::string {
        if (::fork() == 0) ::sleep(100);
        for (;;) ::pause();
      },
      {milliseconds(200)});
  EXPECT_TRUE(end.is_late);
  EXPECT_EQ(end.signal, SIGKILL);
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(20));
}

TEST(ChildProcess, EndsWithWhatLeftItsGroup) {
  const ::pid_t mine = ::fork();
  if (mine == 0) {
    ::sleep(100);
    ::_exit(0);
  }
  const ChildEnd end = run([] {
    const ::pid_t started = ::fork();
    if (started == 0) {
      ::setsid();
      ::sleep(100);
      ::_exit(0);
    }
    return std::to_string(started);
  });
  EXPECT_NE(::kill(std::stoi(end.result), 0), 0);
  EXPECT_EQ(::waitpid(mine, nullptr, WNOHANG), 0) << "children from before are left alone";
  ::kill(mine, SIGKILL);
  ::waitpid(mine, nullptr, 0);
}

TEST(ChildProcess, GetsNoMoreMemoryThanItIsGranted) {
  const auto reserve = [](std::size_t bytes) {
    void* memory = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return std::string(memory == MAP_FAILED ? "refused" : "granted");
  };
  const ChildLimits limits{seconds(30), 256 << 20};
  EXPECT_EQ(run([&] { return reserve(128 << 20); }, limits).result, "granted");
  EXPECT_EQ(run([&] { return reserve(512 << 20); }, limits).result, "refused");
}

TEST(ChildProcess, DumpsNoCoreAndReadsNothing) {
  const ChildEnd end = run([] {
    struct rlimit core{};
    ::getrlimit(RLIMIT_CORE, &core);
    return std::to_string(core.rlim_max) + " " + std::to_string(std::getchar());
  });
  EXPECT_EQ(end.result, "0 -1");
}

TEST(ChildProcess, KeepsTheBeginningOfLongTexts) {
  const ChildEnd end = run([] {
    for (int i = 0; i < 1 << 20; ++i) std::putchar('o');
    return std::string(1 << 20, 'r');
  });
  EXPECT_EQ(end.result, std::string(32 << 10, 'r'));
  EXPECT_EQ(end.output, std::string(16 << 10, 'o'));
}

TEST(CleanText, HasNoControlCharactersAndIsUtf8) {
  EXPECT_EQ(clean_text("two\nlines\n\n"), "two\nlines");
  EXPECT_EQ(clean_text("\x1b[31mred\x7f\t"), "?[31mred??");
  EXPECT_EQ(clean_text("na\xc3\xafve \xff"), "na\xc3\xafve \xef\xbf\xbd");
}

}  // namespace
}  // namespace knack::host
