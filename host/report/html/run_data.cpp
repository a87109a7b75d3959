// SPDX-License-Identifier: MIT
#include "host/report/html/run_data.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "host/report/html/text.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::uintmax_t kLargestJson = 64u << 20;
constexpr std::uintmax_t kLogPart = 4u << 20;  // read from its end
constexpr std::size_t kMostWarnings = 50;
constexpr std::string_view kError = "error: ";
constexpr int kDeepestJson = 64;

/// False, with a remark, for what might never end: a pipe with a name, a device.
bool is_file(const fs::path& file, std::vector<std::string>& remarks) {
  std::error_code failure;
  if (fs::is_regular_file(file, failure)) return true;
  if (fs::exists(file, failure)) {
    remarks.push_back(file.filename().string() + " is no regular file and is not shown");
  }
  return false;
}

/// Null, with a remark where there is a file, when it holds no JSON object.
Json read_object(const fs::path& file, std::vector<std::string>& remarks) {
  std::error_code failure;
  if (!is_file(file, remarks)) return nullptr;
  if (fs::file_size(file, failure) > kLargestJson) {
    remarks.push_back(file.filename().string() + " is larger than 64 MiB and is not shown");
    return nullptr;
  }
  std::ifstream input(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(input), std::istreambuf_iterator<char>()};
  bool is_too_deep = false;
  const Json::parser_callback_t limit = [&](int depth, Json::parse_event_t, const Json&) {
    is_too_deep = is_too_deep || depth > kDeepestJson;
    return depth <= kDeepestJson;
  };
  Json json = Json::parse(text, limit, false);
  if (is_too_deep || !json.is_object()) {
    remarks.push_back(file.filename().string() + " holds no JSON object that can be shown");
    return nullptr;
  }
  return json;
}

/// A log line without its time.
std::string_view without_time(std::string_view line) {
  const std::size_t space = line.find(' ');
  return space == std::string_view::npos ? line : line.substr(space + 1);
}

/// Seconds since 1970 of "2026-11-23T10:30:08.125Z", as log.txt and environment.json have times;
/// NaN for anything else.
double time_of(const std::string& text) {
  std::tm parts{};
  double second = NAN;
  char zone[2];
  const int count =
      std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%6lf%1[Z]", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &second, zone);
  if (count != 7 || !std::isfinite(second)) return NAN;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return static_cast<double>(::timegm(&parts)) + second;
}

/// How long the sessions of environment.json took: each from its first to its last line of the log.
class SessionClock {
 public:
  explicit SessionClock(const Json& environment) {
    for (const Json& session : html::member(environment, "sessions")) {
      const double start = time_of(html::string_of(session, "started"));
      if (std::isfinite(start)) starts_.push_back(start);
    }
    std::sort(starts_.begin(), starts_.end());
    if (!starts_.empty()) seconds_ = 0;
  }

  void add_line(double time) {
    if (std::isnan(time)) return;
    bool is_first = std::isnan(last_);  // nothing of the run took the time before
    for (; next_ < starts_.size() && starts_[next_] <= time; ++next_) is_first = true;
    if (!is_first) seconds_ += std::max(0.0, time - last_);
    last_ = time;
  }

  /// NaN when no session is known.
  double seconds() const {
    return seconds_;
  }

 private:
  std::vector<double> starts_;  // in whole seconds
  std::size_t next_ = 0;
  double last_ = NAN;
  double seconds_ = NAN;
};

void read_log(const fs::path& file, RunData& run) {
  if (!is_file(file, run.remarks)) return;
  std::error_code failure;
  const std::uintmax_t size = fs::file_size(file, failure);
  std::ifstream input(file, std::ios::binary);
  if (failure || !input) return;
  std::string line;
  if (size > kLogPart) {
    input.seekg(static_cast<std::streamoff>(size - kLogPart));
    std::getline(input, line);  // the rest of one that began before
    run.remarks.push_back("log.txt is long: only its last 4 MiB were read for warnings and times");
  }
  std::deque<std::string> warnings;
  SessionClock clock(run.environment);
  while (std::getline(input, line)) {
    clock.add_line(time_of(line));
    const std::string_view text = without_time(line);
    if (text.empty()) continue;
    run.was_stopped = text.starts_with("warning: stopped by ");
    run.failure = text.starts_with(kError) ? text.substr(kError.size()) : "";
    if (!text.starts_with("warning: ")) continue;
    ++run.warning_count;
    warnings.push_back(line);
    if (warnings.size() > kMostWarnings) warnings.pop_front();
  }
  run.log_seconds = clock.seconds();
  run.warnings.assign(warnings.begin(), warnings.end());
}

/// So that a page does not depend on how its folder was named on the command line.
std::string last_name(const fs::path& folder) {
  const fs::path whole = fs::absolute(folder).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

}  // namespace

RunData read_run(const RunFolder& folder) {
  RunData run;
  run.folder = last_name(folder.path());
  run.has_metrics_file = is_file(folder.metrics_file(), run.remarks);
  if (run.has_metrics_file) run.metrics = read_metric_streams(folder.metrics_file());
  const MetricStreams& metrics = run.metrics;
  if (metrics.refused > 0) {
    const std::uint64_t lines = metrics.refused + metrics.records + metrics.left_out;
    run.remarks.push_back(std::to_string(metrics.refused) + " of " + std::to_string(lines) +
                          " lines of metrics.jsonl are unreadable and not shown");
  }
  if (metrics.left_out > 0) {
    run.remarks.push_back(std::to_string(metrics.left_out) +
                          " lines or numbers of metrics.jsonl are of too many kinds to be shown");
  }
  run.recipe = read_object(folder.recipe_file(), run.remarks);
  run.summary = read_object(folder.summary_file(), run.remarks);
  run.environment = read_object(folder.environment_file(), run.remarks);
  run.classification = read_object(folder.classification_file(), run.remarks);
  read_log(folder.log_file(), run);
  return run;
}

}  // namespace knack::host
