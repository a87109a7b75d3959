// SPDX-License-Identifier: MIT
#include "host/ui/console.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <limits>
#include <utility>

#include "host/common/environment_variable.hpp"
#include "host/common/error.hpp"
#include "host/ui/color.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

bool terminal_can_redraw() {
  return isatty(STDERR_FILENO) != 0 && environment_variable("CI").empty() &&
         environment_variable("TERM") != "dumb";
}

std::string without_color(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = std::min(text.find('m', i), text.size());
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// Of the terminal at standard error.
std::size_t columns() {
  constexpr std::size_t kUsual = 80;
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1) return size.ws_col;
  const std::string_view text = environment_variable("COLUMNS");
  std::size_t columns = 0;
  std::from_chars(text.data(), text.data() + text.size(), columns);
  return columns > 1 ? columns : kUsual;
}

void put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

Console::Console(bool quiet)
    : quiet_(quiet),
      interactive_(!quiet && terminal_can_redraw()),
      has_color_(knack::host::has_color(STDERR_FILENO)) {}

Console::~Console() {
  clear_progress();
}

void Console::attach_log_file(const std::filesystem::path& file) {
  std::shared_ptr<spdlog::sinks::basic_file_sink_mt> sink;
  try {
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
  } catch (const spdlog::spdlog_ex& error) {
    throw Error("E0503", file, std::string("cannot be written: ") + error.what());
  }
  file_ = std::make_unique<spdlog::logger>("knack", std::move(sink));
  file_->set_level(spdlog::level::debug);
  file_->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc);
  file_->flush_on(spdlog::level::debug);
}

void Console::write_line(std::string_view prefix, std::string_view text, bool visible) {
  const std::lock_guard lock(mutex_);
  if (file_) {
    file_->info("{}{}", without_color(prefix), without_color(text));
  }
  if (visible) {
    clear_progress();
    put(prefix);
    put(text);
    put("\n");
    std::fflush(stderr);
  }
}

void Console::debug(std::string_view text) {
  write_line("", text, false);
}

void Console::info(std::string_view text) {
  write_line("", text, !quiet_);
}

void Console::warning(std::string_view text) {
  write_line(painted("warning: ", Paint::yellow, has_color_), text, true);
  if (on_warning_) on_warning_(text);
}

void Console::on_warning(std::function<void(std::string_view)> listener) {
  on_warning_ = std::move(listener);
}

void Console::progress(std::string_view text) {
  if (!interactive_) {
    info(text);
    return;
  }
  const std::lock_guard lock(mutex_);
  clear_progress();
  put(text);
  std::fflush(stderr);
  progress_shown_ = visible_width(text);
}

void Console::end_progress() {
  const std::lock_guard lock(mutex_);
  clear_progress();
  std::fflush(stderr);
}

std::size_t Console::progress_width() const {
  if (!interactive_) return std::numeric_limits<std::size_t>::max();
  return columns() - 1;  // in the last column some terminals begin the next line
}

void Console::clear_progress() {
  if (progress_shown_ == 0) return;
  // A terminal that was made narrower has broken the line.
  const std::size_t lines_above = (progress_shown_ - 1) / columns();
  put(lines_above == 0 ? "\r\x1b[2K" : "\r\x1b[" + std::to_string(lines_above) + "A\x1b[J");
  progress_shown_ = 0;
}

}  // namespace knack::host
