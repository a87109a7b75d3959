// SPDX-License-Identifier: MIT
#include "host/report/run_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <utility>

#include "host/checkpoint/atomic_file.hpp"
#include "host/checkpoint/manifest.hpp"
#include "host/checkpoint/output_file.hpp"
#include "host/common/error.hpp"
#include "host/common/json_text.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/report/run_search.hpp"

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

constexpr const char* kNextStep = "choose another with --run-dir";
constexpr const char* kLock = ".lock";

/// Whether a run that was ended before it had a recipe.json can have left this.
bool is_of_a_start(const fs::path& path) {
  std::error_code failure;
  const std::string name = path.filename();
  return name == kLock || name == "log.txt" || name.starts_with(".recipe.json.") ||
         (name == "final" && fs::is_empty(path, failure));
}

/// Whether `folder` holds anything but what is left of a run that never began.
bool is_in_use(const fs::path& folder) {
  std::error_code failure;
  const bool is_of_a_run = fs::exists(folder / kLock, failure);
  return std::any_of(
      fs::directory_iterator(folder, failure), fs::directory_iterator(),
      [&](const auto& entry) { return !is_of_a_run || !is_of_a_start(entry.path()); });
}

/// All files below `from` under the same names below `to`.
void share_files(const fs::path& from, const fs::path& to) try {
  if (!fs::exists(from)) return;
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const fs::path place = to / entry.path().lexically_relative(from);
    if (!entry.is_regular_file() || entry.path().filename().string().starts_with('.')) continue;
    fs::create_directories(place.parent_path());
    std::error_code failure;
    fs::create_hard_link(entry.path(), place, failure);
    if (failure) fs::copy_file(entry.path(), place);
  }
} catch (const fs::filesystem_error& error) {
  throw Error("E0503", error.path1(),
              "cannot be copied to `" + to.string() + "`: " + error.code().message());
}

void remove_tree(const fs::path& path) {
  std::error_code failure;
  fs::remove_all(path, failure);
  if (failure) {
    throw Error("E0503", path, "cannot be removed: " + failure.message());
  }
}

/// The files for TensorBoard in a folder.
std::vector<fs::path> event_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    if (entry.path().filename().string().starts_with(kEventFilePrefix))
      files.push_back(entry.path());
  }
  return files;
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
  make_folders(parent, kNextStep);
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
      throw Error("E0503", folder, "cannot make this folder: " + failure.message());
    }
  }
}

RunFolder RunFolder::create(const fs::path& folder) {
  std::error_code failure;
  const bool is_other = fs::exists(folder, failure) && !fs::is_directory(folder, failure);
  if (is_other || is_in_use(folder)) {
    const std::string problem = std::string("expected a new or empty folder for the run, found ") +
                                (is_other ? "a file" : "one with files in it") +
                                "; choose another with --run-dir" +
                                (is_run(folder) ? ", or go on with this one by --resume" : "");
    throw Error(ExitCode::usage, Error("E0505", folder, problem).diagnostics());
  }
  RunFolder run(fs::absolute(folder));
  run.made_from_ = outermost_missing(folder);
  make_folders(folder, kNextStep);
  run.lock();
  remove_temporaries(run.path_);
  make_folders(folder / "final", kNextStep);
  sync_folder(run.path_.parent_path());
  return run;
}

RunFolder RunFolder::take_over(const fs::path& folder) {
  RunFolder run = open(folder);
  if (!is_run(folder)) {  // what lies there may be somebody's work: nothing is removed from it
    throw Error("E0504", folder,
                "expected a run folder, found no log.txt with "
                "checkpoints or final in it; give the folder that `knack train` printed");
  }
  run.lock();
  remove_temporaries(run.path_);
  remove_temporaries(run.path_ / "final");
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(run.instances(), failure)) {
    remove_temporaries(entry.path());
  }
  make_folders(run.path_ / "final", kNextStep);
  return run;
}

bool RunFolder::is_run(const fs::path& folder) {
  std::error_code failure;
  return fs::exists(folder / "recipe.json", failure) && fs::exists(folder / "log.txt", failure) &&
         (fs::is_directory(folder / "final", failure) ||
          fs::is_directory(folder / "checkpoints", failure));
}

// The system gives the lock up when the process ends, however it ends.
void RunFolder::lock() {
  const fs::path file = path_ / kLock;
  lock_ = FileDescriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!lock_.is_open()) {
    throw Error("E0503", file, std::string("cannot be written: ") + std::strerror(errno));
  }
  struct ::stat ours{};
  struct ::stat named{};
  const bool is_locked = ::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0;
  // A process that gave the folder up may have removed the file that was opened here.
  const bool is_there = ::fstat(lock_.get(), &ours) == 0 && ::stat(file.c_str(), &named) == 0 &&
                        ours.st_ino == named.st_ino;
  if (!is_locked || !is_there) {
    std::string owner(32, '\0');
    owner.resize(read_at(lock_.get(), owner.data(), owner.size(), 0));
    throw Error("E0505", path_,
                std::string("another process") + (owner.empty() ? "" : " (" + owner + ")") +
                    " is training in this run folder; wait for it or choose "
                    "another with --run-dir");
  }
  const std::string owner = "pid " + std::to_string(::getpid());
  if (::ftruncate(lock_.get(), 0) != 0 || !write_all(lock_.get(), owner.data(), owner.size())) {
    throw Error("E0503", file, std::string("cannot be written: ") + std::strerror(errno));
  }
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

RunFolder RunFolder::open(const fs::path& folder, bool with_weights) {
  RunFolder run{fs::absolute(folder)};
  std::error_code failure;
  if (fs::exists(folder / kManifestName, failure)) {
    throw Error("E0504", folder,
                "expected a run folder, found a checkpoint; give the run "
                "folder that it lies in");
  }
  if (!fs::exists(run.recipe_file(), failure)) {
    throw Error("E0504", folder, describe_no_run(folder, with_weights));
  }
  return run;
}

bool RunFolder::is_finished() const {
  std::error_code failure;
  return fs::exists(summary_file(), failure);
}

void RunFolder::forget_end() const {
  remove_tree(summary_file());
  remove_tree(classification_file());
}

void RunFolder::forget_training() const {
  remove_tree(metrics_file());
  remove_tree(path_ / "report.html");
  for (const fs::path& file : event_files(path_)) remove_tree(file);
  remove_tree(instances());
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
  const fs::path folder = instances() / instance;
  make_folders(folder, kNextStep);
  return folder;
}

void RunFolder::save_instance_files(const fs::path& copy) const {
  share_files(instances(), copy);
}

void RunFolder::restore_instance_files(const fs::path& copy) const {
  if (!fs::exists(copy) && !fs::exists(instances())) return;
  // In one step, so that the files are there whenever the process may end.
  const fs::path place = temporary_beside(instances());
  make_folders(place, kNextStep);
  share_files(copy, place);
  make_folders(instances(), kNextStep);
  if (::renameat2(AT_FDCWD, place.c_str(), AT_FDCWD, instances().c_str(), RENAME_EXCHANGE) == 0) {
    remove_tree(place);
    return;
  }
  remove_tree(instances());  // a file system that cannot exchange two folders
  put_in_place(place, instances());
}

void write_json(const fs::path& file, const nlohmann::ordered_json& json) {
  write_file_atomically(file, json_text(json) + "\n");
}

std::string one_json_line(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

nlohmann::ordered_json read_json(const fs::path& file) {
  std::ifstream stream(file);
  if (!stream) {
    throw Error("E0502", file, std::string("cannot be read: ") + std::strerror(errno));
  }
  try {
    return nlohmann::ordered_json::parse(stream);
  } catch (const nlohmann::json::exception& error) {
    throw Error({.id = "E0502",
                 .sentence = "expected JSON, found something else",
                 .place = {.source = file.string()},
                 .notes = {error.what()}});
  }
}

}  // namespace knack::host
