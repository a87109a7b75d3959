// SPDX-License-Identifier: MIT
// The `knack` binary: reads the command line, runs one command, turns failures into exit codes.
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <new>

#include "host/app/command_line.hpp"
#include "host/app/crash_report.hpp"
#include "host/common/error.hpp"
#include "host/recipe/diagnostics.hpp"

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

int fail(knack::host::ExitCode code, const char* prefix, const char* message) {
  std::cerr << prefix << message << std::endl;
  return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv) {
  using knack::host::ExitCode;
  occupy_standard_streams();
  keep_freed_memory();
  knack::host::install_crash_report();
  report_failed_writes();
  try {
    const int code = knack::host::run_command_line(argc, argv);
    if (!std::cout.flush()) {
      return fail(ExitCode::unexpected, "error: ", "standard output: cannot be written");
    }
    return code;
  } catch (const knack::host::PlacedError& error) {
    return fail(error.code(), "", error.what());
  } catch (const knack::host::Error& error) {
    return fail(error.code(), "error: ", error.what());
  } catch (const std::bad_alloc&) {
    return fail(ExitCode::unexpected, "error: ", "out of memory");
  } catch (const std::exception& error) {
    return fail(ExitCode::unexpected, "error: ", error.what());
  }
}
