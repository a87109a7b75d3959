// SPDX-License-Identifier: MIT
// The one exception type that ends a command, and the exit codes it maps to.
#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/common/diagnostic.hpp"

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

/// A failure that is reported to the user and ends the command.
///
/// It says where (file, line and column, or argument), what was expected, what was found and what
/// to do next. It is never caught to be ignored: `main` prints it and exits with `code()`.
/// `what()` is the same as plain text, a line for each of its diagnostics.
class Error : public std::runtime_error {
 public:
  /// `message` is `SENTENCE; NEXT STEP`, with the place at the beginning where there is no other.
  Error(ErrorId id, const std::string& message);

  /// The same about a file.
  Error(ErrorId id, const std::filesystem::path& file, const std::string& message);

  explicit Error(Diagnostic diagnostic);

  /// At least one diagnostic.
  Error(ExitCode code, std::vector<Diagnostic> diagnostics);

  ExitCode code() const noexcept {
    return code_;
  }
  const std::vector<Diagnostic>& diagnostics() const noexcept {
    return *diagnostics_;
  }

 private:
  Error(ExitCode code, const std::string& text, std::vector<Diagnostic> diagnostics);

  ExitCode code_;
  std::shared_ptr<const std::vector<Diagnostic>> diagnostics_;  // copies must not throw
};

/// The exit code that belongs to the area of an error's code.
ExitCode exit_code_of(ErrorId id);

}  // namespace knack::host
