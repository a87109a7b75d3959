// SPDX-License-Identifier: MIT
// The `knack` binary: reads the command line, runs one command, turns failures into exit codes.
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>

#include "host/app/command_line.hpp"
#include "host/app/crash_report.hpp"
#include "host/app/current_error.hpp"
#include "host/common/error.hpp"
#include "host/ui/color.hpp"

namespace {

// Activations of a step are freed and asked for again in the next. Without these settings glibc
// gives large ones back to the kernel each time, which then clears the pages again.
void keep_freed_memory() {
  constexpr int kThreshold = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kThreshold);
  mallopt(M_TRIM_THRESHOLD, kThreshold);
  mallopt(M_TOP_PAD, 64 << 20);
}

// A file that is opened must not become standard output because that was closed.
void occupy_standard_streams() {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
    if (fcntl(stream, F_GETFD) == -1) {
      open("/dev/null", O_RDWR);  // takes the lowest free number
    }
  }
}

// A full disk or a closed pipe is then an error that is reported, and not the end of a training.
void report_failed_writes() {
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
}

// The reader of a pipe needs no more, such as `head`.
bool has_lost_reader(int stream) {
  pollfd state{.fd = stream, .events = 0, .revents = 0};
  return poll(&state, 1, 0) == 1 && (state.revents & POLLERR) != 0;
}

int fail(const knack::host::Error& error) {
  std::cerr << knack::host::render(error.diagnostics(), knack::host::has_color(STDERR_FILENO))
            << std::flush;
  return static_cast<int>(error.code());
}

}  // namespace

int main(int argc, char** argv) {
  using knack::host::Error;
  occupy_standard_streams();
  keep_freed_memory();
  knack::host::install_crash_report();
  report_failed_writes();
  try {
    const int code = knack::host::run_command_line(argc, argv);
    if (!std::cout.flush()) {
      if (has_lost_reader(STDOUT_FILENO)) return 128 + SIGPIPE;
      return fail(Error("E0902", "standard output: cannot be written; make room on its disk"));
    }
    return code;
  } catch (const std::exception&) {
    return fail(knack::host::current_error());
  }
}
