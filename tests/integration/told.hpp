// SPDX-License-Identifier: MIT
// What an error says, without how it is drawn.
#pragma once

#include <string>

namespace knack::testing {

/// The errors in what `knack` wrote to standard error, a line each: `PLACE: SENTENCE: LABEL; NOTE;
/// HELP`, of which only a note may have lines of its own. An argument of the command line is its
/// own place. Other lines are as they were; the last one, which counts the errors, is left out.
std::string told(const std::string& standard_error);

}  // namespace knack::testing
