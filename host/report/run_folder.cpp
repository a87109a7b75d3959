// SPDX-License-Identifier: MIT
#include "host/report/run_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>

#include "host/checkpoint/atomic_file.hpp"
#include "host/common/error.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

std::string utc_timestamp() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H-%M-%S", &parts);
  return text;
}

void make_folders(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) {
    throw Error(ExitCode::data, folder.string() + ": cannot make this folder: " +
                                    failure.message() + "; choose another with --run-dir");
  }
}

/// The outermost folder that making `folder` would make; empty if it is there.
fs::path outermost_missing(const fs::path& folder) {
  fs::path outermost;
  std::error_code ignored;
  for (fs::path at = fs::absolute(folder); !fs::exists(at, ignored) && at.has_relative_path();
       at = at.parent_path()) {
    outermost = at;
  }
  return outermost;
}

}  // namespace

RunFolder RunFolder::create_under(const fs::path& root, const std::string& name) {
  const fs::path parent = root / name;
  const fs::path missing = outermost_missing(parent);
  make_folders(parent);
  const std::string timestamp = utc_timestamp();
  for (int attempt = 1;; ++attempt) {
    const fs::path folder =
        parent / (attempt == 1 ? timestamp : timestamp + "-" + std::to_string(attempt));
    std::error_code failure;
    if (fs::create_directory(folder, failure)) {
      RunFolder run = create(folder);
      run.made_from_ = missing.empty() ? run.path() : missing;
      return run;
    }
    if (failure) {
      throw Error(ExitCode::data,
                  folder.string() + ": cannot make this folder: " + failure.message());
    }
  }
}

RunFolder RunFolder::create(const fs::path& folder) {
  std::error_code failure;
  const bool is_other = fs::exists(folder, failure) && !fs::is_directory(folder, failure);
  if (is_other || (fs::exists(folder, failure) && !fs::is_empty(folder, failure))) {
    throw Error(ExitCode::usage, folder.string() +
                                     ": expected a new or empty folder for the run, found " +
                                     (is_other ? "a file" : "one with files in it") +
                                     "; choose another with --run-dir");
  }
  RunFolder run(fs::absolute(folder));
  run.made_from_ = outermost_missing(folder);
  make_folders(folder / "final");
  return run;
}

void RunFolder::discard() const noexcept {
  std::error_code failure;
  for (fs::directory_iterator entry(path_, failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    std::error_code stays;
    fs::remove_all(entry->path(), stays);
  }
  if (made_from_.empty()) return;
  for (fs::path made = path_; fs::remove(made, failure) && made != made_from_;) {
    made = made.parent_path();
  }
}

RunFolder RunFolder::open(const fs::path& folder) {
  RunFolder run{fs::absolute(folder)};
  if (!fs::exists(run.recipe_file())) {
    throw Error(ExitCode::data, folder.string() +
                                    ": expected a run folder, found no recipe.json in it; give "
                                    "the folder that `knack train` printed");
  }
  return run;
}

std::vector<std::string> RunFolder::weight_sets() const {
  std::vector<std::string> names;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(path_ / "final", failure)) {
    if (entry.path().extension() == ".safetensors") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path RunFolder::instance_folder(const std::string& instance) const {
  const fs::path folder = path_ / "plugins" / instance;
  make_folders(folder);
  return folder;
}

void write_json(const fs::path& file, const nlohmann::ordered_json& json) {
  write_file_atomically(
      file, json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

nlohmann::ordered_json read_json(const fs::path& file) {
  std::ifstream stream(file);
  if (!stream) {
    throw Error(ExitCode::data, file.string() + ": cannot be read: " + std::strerror(errno));
  }
  try {
    return nlohmann::ordered_json::parse(stream);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ExitCode::data, file.string() + ": expected JSON: " + error.what());
  }
}

MetricsFile::MetricsFile(const RunFolder& folder)
    : path_(folder.path() / "metrics.jsonl"), file_(std::fopen(path_.c_str(), "ae")) {
  if (!file_) {
    throw Error(ExitCode::data, path_.string() + ": cannot be written: " + std::strerror(errno));
  }
}

void MetricsFile::append(const nlohmann::ordered_json& record) {
  const std::string line =
      record.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() ||
      std::fflush(file_.get()) != 0) {
    throw Error(ExitCode::data, path_.string() + ": cannot be written: " + std::strerror(errno));
  }
}

}  // namespace knack::host
