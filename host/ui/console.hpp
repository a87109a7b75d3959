// SPDX-License-Identifier: MIT
// Everything a person sees while a command works: messages, a table, one transient progress line.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace knack::host {

/// Writes to stderr and, once attached, to a log file. stdout is left to results.
///
/// On a terminal the progress line is redrawn in place; elsewhere (a pipe, `CI` set) progress is
/// written as plain lines, seldom. All functions may be called from any thread.
class Console {
 public:
  /// `quiet` leaves warnings only on stderr; the log file gets everything all the same.
  explicit Console(bool quiet);
  ~Console();

  /// From now on everything but transient progress also goes to this file, with the time.
  void attach_log_file(const std::filesystem::path& file);

  void debug(std::string_view text);  ///< log file only
  void info(std::string_view text);
  void warning(std::string_view text);  ///< with "warning: " in front

  /// Shows `text` as the progress line. Rate limiting is the caller's.
  void progress(std::string_view text);

  /// Whether progress is redrawn in place.
  bool is_interactive() const {
    return interactive_;
  }

 private:
  void write_line(std::string_view prefix, std::string_view text, bool visible);
  void clear_progress();

  const bool quiet_;
  const bool interactive_;
  bool progress_shown_ = false;
  std::mutex mutex_;
  std::unique_ptr<spdlog::logger> file_;
};

}  // namespace knack::host
