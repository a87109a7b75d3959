// SPDX-License-Identifier: MIT
// The command line.
#pragma once

namespace knack::host {

/// Reads the arguments and runs the command they name. Returns the exit code of help, of a usage
/// error (already reported) and of success; throws what a command throws.
int run_command_line(int argc, char** argv);

}  // namespace knack::host
