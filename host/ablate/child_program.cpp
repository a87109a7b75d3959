// SPDX-License-Identifier: MIT
#include "host/ablate/child_program.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "host/common/error.hpp"
#include "host/common/file_descriptor.hpp"

namespace knack::host {
namespace {

constexpr int kCannotStart = 127;  // as a shell has it

/// Between fork and exec: only what may be called there.
[[noreturn]] void become(const char* program, char* const* words, int output, ::pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(kCannotStart);
  ::sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execv(program, words);
  ::_exit(kCannotStart);
}

}  // namespace

ChildProgram::ChildProgram(const std::filesystem::path& program,
                           const std::vector<std::string>& words,
                           const std::filesystem::path& output) {
  const FileDescriptor file(
      ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!file.is_open()) {
    throw Error("E0503", output, std::string("cannot be written: ") + std::strerror(errno));
  }
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const ::pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "cannot start a training");
  if (pid_ == 0) become(program.c_str(), arguments.data(), file.get(), parent);
  ::setpgid(pid_, pid_);  // here too, as nobody knows which of the two is first
}

ChildProgram::~ChildProgram() {
  if (has_ended_) return;
  send(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool ChildProgram::has_ended() {
  int status = 0;
  if (has_ended_ || ::waitpid(pid_, &status, WNOHANG) != pid_) return has_ended_;
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return has_ended_ = true;
}

void ChildProgram::send(int signal) {
  if (!has_ended_) ::kill(pid_, signal);
}

ChildSignals::ChildSignals() {
  ::sigemptyset(&kept_);
  ::sigaddset(&kept_, SIGCHLD);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action{};
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) ::sigaddset(&kept_, signal);
  }
  ::sigprocmask(SIG_BLOCK, &kept_, &mask_before_);
}

ChildSignals::~ChildSignals() {
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

int ChildSignals::wait(std::chrono::milliseconds longest) const {
  const timespec time{longest.count() / 1000, longest.count() % 1000 * 1'000'000};
  const int signal = ::sigtimedwait(&kept_, nullptr, &time);
  return signal <= 0 || signal == SIGCHLD ? 0 : signal;
}

}  // namespace knack::host
