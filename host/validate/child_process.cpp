// SPDX-License-Identifier: MIT
#include "host/validate/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <string_view>
#include <system_error>

#include "host/validate/interruption.hpp"

namespace knack::host {
namespace {

constexpr std::size_t kLongestOutput = 16 << 10;
constexpr std::size_t kLongestResult = 32 << 10;    // a pipe holds it, so that no child waits
constexpr std::uint64_t kLargestFile = 1ull << 30;  // of those that the child writes

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::uint64_t present_address_space() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void limit(__rlimit_resource resource, std::uint64_t most) {
  struct rlimit both{};
  ::getrlimit(resource, &both);
  both.rlim_cur = std::min<rlim_t>(most, both.rlim_max);
  both.rlim_max = both.rlim_cur;
  ::setrlimit(resource, &both);
}

std::set<::pid_t> children_now() {
  std::ifstream list("/proc/thread-self/children");
  return {std::istream_iterator<::pid_t>(list), {}};
}

struct Children {
  ::pid_t parent = 0;
  std::set<::pid_t> others;  ///< that were there before those that run, and are left alone
  std::set<::pid_t> running;
};

/// Of this process.
Children& children() {
  static Children children;
  if (children.parent != ::getpid()) children = {::getpid(), {}, {}};  // after a fork
  return children;
}

/// Makes this process the parent of what its children leave behind.
void adopt_orphans() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (children().running.empty()) children().others = children_now();
}

/// Ends what children left behind. Each may leave others behind in turn.
void end_orphans() {
  constexpr int kMostGenerations = 100;
  for (int i = 0; i < kMostGenerations; ++i) {
    bool has_any = false;
    for (const ::pid_t child : children_now()) {
      if (children().others.contains(child) || children().running.contains(child)) continue;
      has_any = true;
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
    if (!has_any) return;
  }
}

void become_a_child(int output, const ChildLimits& limits) {
  Interruption::leave_to_default();
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  // Where memory runs out for all, this process is to go rather than the one that reports.
  std::ofstream("/proc/self/oom_score_adj") << 1000;
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, kLargestFile);
  limit(RLIMIT_AS, present_address_space() + limits.more_memory);
}

/// ", in WHERE" of the line in which the crash report says who was running; empty when there is none.
std::string crash_place(const std::string& output) {
  const std::size_t begin = output.find("knack: crash (");
  if (begin == output.npos) return {};
  const std::size_t place = output.find(") in ", begin);
  const std::size_t end = output.find('\n', begin);
  return place < end ? ", in " + output.substr(place + 5, end - place - 5) : std::string();
}

}  // namespace

std::string crash_text(const ChildEnd& end) {
  const char* name = ::sigabbrev_np(end.signal);
  const char* meaning = ::sigdescr_np(end.signal);
  return "crashed: SIG" + std::string(name == nullptr ? "?" : name) + " (" +
         (meaning == nullptr ? std::to_string(end.signal) : std::string(meaning)) + ")" +
         crash_place(end.output);
}

ChildProcess::ChildProcess(const std::function<std::string()>& work, const ChildLimits& limits)
    : output_(::memfd_create("output of a check", MFD_CLOEXEC)),
      start_(std::chrono::steady_clock::now()),
      time_(limits.time) {
  std::array<int, 2> ends{};
  if (!output_.is_open() || ::pipe2(ends.data(), O_CLOEXEC) != 0) fail("cannot start a check");
  result_ = FileDescriptor(ends[0]);
  const FileDescriptor result_end(ends[1]);
  std::cout.flush();
  std::fflush(nullptr);
  adopt_orphans();
  const ::pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) fail("cannot start a check");
  if (pid_ > 0) {
    children().running.insert(pid_);
    ::setpgid(pid_, pid_);  // here too, as nobody knows which of the two is first
    return;
  }
  become_a_child(output_.get(), limits);
  if (::getppid() == parent) {
    const std::string result = work();
    write_all(result_end.get(), result.data(), std::min(result.size(), kLongestResult));
    std::cout.flush();
    std::fflush(nullptr);
  }
  ::_exit(0);
}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0 || has_ended_) return;
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  children().running.erase(pid_);
  end_orphans();
}

bool ChildProcess::has_ended() {
  if (has_ended_) return true;
  const auto lasted = std::chrono::steady_clock::now() - start_;
  if (lasted > time_ && !end_.is_late) {
    end_.is_late = true;
    ::kill(-pid_, SIGKILL);
  }
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid == 0) {
    return false;
  }
  end_.seconds = std::chrono::duration<double>(lasted).count();
  ::kill(-pid_, SIGKILL);  // what it started; its number is not given to others before waitpid
  int status = 0;
  ::waitpid(pid_, &status, 0);
  children().running.erase(pid_);
  end_orphans();
  collect(status);
  return has_ended_ = true;
}

void ChildProcess::collect(int status) {
  if (WIFSIGNALED(status)) {
    end_.signal = WTERMSIG(status);
  } else {
    end_.exit_code = WEXITSTATUS(status);
  }
  end_.output.resize(kLongestOutput);
  end_.output.resize(read_at(output_.get(), end_.output.data(), kLongestOutput, 0));
  // Something that left the group may still hold the other end open.
  ::fcntl(result_.get(), F_SETFL, O_NONBLOCK);
  end_.result.resize(kLongestResult);
  const ::ssize_t size = ::read(result_.get(), end_.result.data(), kLongestResult);
  end_.result.resize(static_cast<std::size_t>(std::max<::ssize_t>(size, 0)));
}

}  // namespace knack::host
