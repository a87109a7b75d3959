// SPDX-License-Identifier: MIT
#include "host/ui/console.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "host/common/error.hpp"

namespace knack::host {
namespace {

bool terminal_can_redraw() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) != 0 && std::getenv("CI") == nullptr &&
         (term == nullptr || std::string_view(term) != "dumb");
}

void put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

Console::Console(bool quiet) : quiet_(quiet), interactive_(!quiet && terminal_can_redraw()) {}

Console::~Console() {
  clear_progress();
}

void Console::attach_log_file(const std::filesystem::path& file) {
  std::shared_ptr<spdlog::sinks::basic_file_sink_mt> sink;
  try {
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
  } catch (const spdlog::spdlog_ex& error) {
    throw Error(ExitCode::data, file.string() + ": cannot be written: " + error.what());
  }
  file_ = std::make_unique<spdlog::logger>("knack", std::move(sink));
  file_->set_level(spdlog::level::debug);
  file_->set_pattern("%Y-%m-%dT%H:%M:%S.%e %v");
  file_->flush_on(spdlog::level::debug);
}

void Console::write_line(std::string_view prefix, std::string_view text, bool visible) {
  const std::lock_guard lock(mutex_);
  if (file_) {
    file_->info("{}{}", prefix, text);
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
  write_line("warning: ", text, true);
}

void Console::progress(std::string_view text) {
  if (!interactive_) {
    info(text);
    return;
  }
  const std::lock_guard lock(mutex_);
  put("\r\x1b[2K");
  put(text);
  std::fflush(stderr);
  progress_shown_ = true;
}

void Console::clear_progress() {
  if (progress_shown_) {
    put("\r\x1b[2K");
    progress_shown_ = false;
  }
}

}  // namespace knack::host
