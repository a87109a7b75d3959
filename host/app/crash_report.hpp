// SPDX-License-Identifier: MIT
// What is said when the process crashes.
#pragma once

#include <string_view>

namespace knack::host {

/// From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write to standard error which plugin's
/// instance and function was running on the thread, and the note. The process then ends by that
/// signal, with a core dump where there would be one without this. Signals that something else
/// handles already, such as a sanitizer, are left to it. Once a process, by its first thread.
void install_crash_report();

/// A line for the report, such as where the last checkpoint is; replaces the one before. The first
/// 4,000 bytes count. By one thread.
void set_crash_note(std::string_view note);

}  // namespace knack::host
