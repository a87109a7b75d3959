// SPDX-License-Identifier: MIT
// Whether what is written has colours, and which.
#pragma once

#include <string>
#include <string_view>

namespace knack::host {

/// What `--color` says.
enum class ColorChoice { automatic, always, never };

/// For the whole process; at first it is automatic.
void choose_color(ColorChoice choice);

/// Whether colours go to a stream, STDOUT_FILENO or STDERR_FILENO. `--color` decides; without it
/// NO_COLOR (no-color.org) says never, then CLICOLOR_FORCE other than 0 says always, and else a
/// terminal gets them unless TERM is "dumb".
bool has_color(int stream);

enum class Paint { bold, dim, red, yellow, green };

/// `text` in a colour, or as it is where `is_on` is false.
std::string painted(std::string_view text, Paint paint, bool is_on);

}  // namespace knack::host
