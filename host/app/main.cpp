// SPDX-License-Identifier: MIT
// The `knack` binary: reads the command line, runs one command, turns failures into exit codes.
#include <malloc.h>

#include <exception>
#include <iostream>
#include <new>

#include "host/app/command_line.hpp"
#include "host/common/error.hpp"

namespace {

// Activations of a step are freed and asked for again in the next. Without these settings glibc
// gives large ones back to the kernel each time, which then clears the pages again.
void keep_freed_memory() {
  constexpr int kThreshold = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kThreshold);
  mallopt(M_TRIM_THRESHOLD, kThreshold);
  mallopt(M_TOP_PAD, 64 << 20);
}

int fail(knack::host::ExitCode code, const char* message) {
  const std::string_view text(message);
  const bool names_error = text.find("error: ") != std::string_view::npos;
  std::cerr << (names_error ? "" : "error: ") << text << std::endl;
  return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv) {
  using knack::host::ExitCode;
  keep_freed_memory();
  try {
    return knack::host::run_command_line(argc, argv);
  } catch (const knack::host::Error& error) {
    return fail(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return fail(ExitCode::unexpected, "out of memory");
  } catch (const std::exception& error) {
    return fail(ExitCode::unexpected, error.what());
  }
}
