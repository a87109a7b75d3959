// SPDX-License-Identifier: MIT
#include "tests/support/run_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <system_error>

#include "host/common/file_descriptor.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::testing {
namespace {

void check(int error, const std::string& what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// Where the child's standard streams lead, and the folder it starts in.
class FileActions {
 public:
  FileActions(const std::filesystem::path& folder, const std::filesystem::path& output,
              const std::filesystem::path& error) {
    check(posix_spawn_file_actions_init(&actions_), "file actions");
    check(posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str()), folder);
    open(STDIN_FILENO, "/dev/null", O_RDONLY);
    open(STDOUT_FILENO, output, O_WRONLY | O_CREAT);
    open(STDERR_FILENO, error, O_WRONLY | O_CREAT);
  }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() {
    posix_spawn_file_actions_destroy(&actions_);
  }
  const posix_spawn_file_actions_t* get() const {
    return &actions_;
  }

 private:
  void open(int descriptor, const std::filesystem::path& file, int flags) {
    check(posix_spawn_file_actions_addopen(&actions_, descriptor, file.c_str(), flags, 0600), file);
  }

  posix_spawn_file_actions_t actions_;
};

/// Whether the process ended before the limit.
bool wait_for_end(pid_t process, std::chrono::milliseconds limit) {
  // glibc 2.36 declares pidfd_open() for C only.
  const host::FileDescriptor descriptor(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  pollfd ended{descriptor.get(), POLLIN, 0};
  return poll(&ended, 1, static_cast<int>(limit.count())) == 1;
}

}  // namespace

ProcessResult run_process(const ProcessRequest& request) {
  const TemporaryFolder streams;
  const auto output = streams.path() / "output";
  const auto error = streams.path() / "error";
  std::vector<std::string> arguments = request.arguments;
  std::vector<std::string> environment;
  for (const auto& [name, value] : request.environment) environment.push_back(name + "=" + value);

  const FileActions actions(request.folder, output, error);
  pid_t process = -1;
  check(posix_spawn(&process, arguments[0].c_str(), actions.get(), nullptr,
                    pointers(arguments).data(), pointers(environment).data()),
        arguments[0]);

  ProcessResult result;
  result.timed_out = !wait_for_end(process, request.limit);
  if (result.timed_out) kill(process, SIGKILL);
  int status = 0;
  if (waitpid(process, &status, 0) != process) check(errno, "waitpid");
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) {
    result.signal = WTERMSIG(status);
    result.dumped_core = WCOREDUMP(status);
  }
  result.standard_output = file_bytes(output);
  result.standard_error = file_bytes(error);
  return result;
}

}  // namespace knack::testing
