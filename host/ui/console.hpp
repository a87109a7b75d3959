// SPDX-License-Identifier: MIT
// Everything a person sees while a command works: messages, a table, one transient progress line.
#pragma once

#include <filesystem>
#include <functional>
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
/// On a terminal the progress line is redrawn in place; elsewhere (a pipe, `CI` set, TERM=dumb)
/// progress is written as plain lines, seldom. All functions may be called from any thread.
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

  /// From now on every warning is told here too.
  void on_warning(std::function<void(std::string_view)> listener);

  /// Shows `text` as the progress line. Rate limiting is the caller's.
  void progress(std::string_view text);

  /// Takes the progress line away, before something else writes to the terminal.
  void end_progress();

  /// Characters that fit into the progress line now: what the terminal tells, else COLUMNS, else 80.
  /// Without a terminal there is no limit.
  std::size_t progress_width() const;

  /// Whether colours are shown. Text for info() may have them: the log file gets it without.
  bool has_color() const {
    return has_color_;
  }

  /// Whether progress is redrawn in place.
  bool is_interactive() const {
    return interactive_;
  }

 private:
  void write_line(std::string_view prefix, std::string_view text, bool visible);
  void clear_progress();

  const bool quiet_;
  const bool interactive_;
  const bool has_color_;
  std::size_t progress_shown_ = 0;  // characters of the line that stands there
  std::mutex mutex_;
  std::unique_ptr<spdlog::logger> file_;
  std::function<void(std::string_view)> on_warning_;
};

}  // namespace knack::host
