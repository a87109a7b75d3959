// SPDX-License-Identifier: MIT
// The one exception type that ends a command, and the exit codes it maps to.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace knack::host {

/// Exit codes of the `knack` binary. Their numbers are part of the command line's contract.
enum class ExitCode : int {
  ok = 0,
  unexpected = 1,
  usage = 2,
  recipe = 3,
  plugin = 4,
  data = 5,  ///< data sets, weight files and checkpoints
  training = 6,
};

/// A failure that is reported to the user as one message and ends the command.
///
/// The message says where (file, line, column or field), what was expected, what was found and
/// what to do next. It is never caught to be ignored: `main` prints it and exits with `code()`.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  ExitCode code() const noexcept {
    return code_;
  }

 private:
  ExitCode code_;
};

}  // namespace knack::host
