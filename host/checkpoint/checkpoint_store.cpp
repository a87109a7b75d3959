// SPDX-License-Identifier: MIT
#include "host/checkpoint/checkpoint_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>

#include "host/checkpoint/atomic_file.hpp"
#include "host/common/error.hpp"
#include "host/common/sha256.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLast = "last";
constexpr const char* kBest = "best";
constexpr const char* kDamaged = ".damaged";

/// `0012-step-340`
std::string name_of(std::int64_t number, std::int64_t step) {
  const std::string digits = std::to_string(number);
  return std::string(4 - std::min<std::size_t>(digits.size(), 4), '0') + digits + "-step-" +
         std::to_string(step);
}

/// The number in a checkpoint's name; nothing for other names, such as those of copies.
std::optional<std::int64_t> number_of(const std::string& name) {
  long long number = 0;
  long long step = 0;
  if (std::sscanf(name.c_str(), "%lld-step-%lld", &number, &step) != 2) return std::nullopt;
  if (number < 1 || name != name_of(number, step)) return std::nullopt;
  return number;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), by);
    at += by.size();
  }
  return text;
}

/// A folder that is removed with all that is in it, unless it was moved away by then.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {
    make_folders(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const fs::path& path() const {
    return path_;
  }

 private:
  fs::path path_;
};

/// Brings the content of all files and the names in all folders to disk. Only after everything was
/// written: a file system that keeps a journal then has little left to do for each.
void sync_tree(const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    entry.is_directory() ? sync_folder(entry.path()) : sync_file(entry.path());
  }
  sync_folder(folder);
}

}  // namespace

CheckpointStore::CheckpointStore(fs::path folder, std::int64_t keep)
    : folder_(std::move(folder)), keep_(keep) {}

void CheckpointStore::clean() const noexcept {
  remove_temporaries(folder_);
}

std::vector<CheckpointStore::Place> CheckpointStore::list() const {
  std::vector<Place> places;
  std::error_code failure;
  for (fs::directory_iterator entry(folder_, failure);
       !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    if (const auto number = number_of(entry->path().filename())) {
      places.push_back({*number, entry->path()});
    }
  }
  if (failure && failure != std::errc::no_such_file_or_directory) {
    throw Error("E0502", folder_, "cannot be listed: " + failure.message());
  }
  std::sort(places.begin(), places.end(),
            [](const Place& a, const Place& b) { return a.number > b.number; });
  return places;
}

std::optional<CheckpointStore::Verified> CheckpointStore::newest(const OnDamage& on_damage) const {
  const std::vector<Place> places = list();
  std::string problems;
  for (const Place& place : places) {
    try {
      return Verified{place.path, verify_checkpoint(place.path)};
    } catch (const DamagedCheckpoint& error) {
      on_damage(error.what());
      problems += (problems.empty() ? "" : "\n") + std::string(error.what());
    }
  }
  if (places.empty()) return std::nullopt;
  Diagnostic problem;
  problem.id = "E0510";
  problem.sentence = "expected at least one undamaged checkpoint, found none";
  problem.place.source = folder_.string();
  problem.notes.push_back(problems);
  problem.helps.push_back("training must start anew");
  throw Error(problem);
}

fs::path CheckpointStore::write(std::int64_t step, std::int64_t epoch, bool is_best,
                                const Fill& fill) try {
  if (make_folders(folder_)) sync_folder(fs::absolute(folder_).parent_path());
  const fs::path place = folder_ / name_of(next_number(), step);
  const TemporaryFolder temporary(temporary_beside(place));
  try {
    fill(temporary.path());
  } catch (const Error& error) {  // nobody will find that folder
    std::vector<Diagnostic> problems = error.diagnostics();
    for (Diagnostic& problem : problems) {
      for (std::string* text : {&problem.place.source, &problem.sentence}) {
        *text = replaced(*text, temporary.path().string(), place.string());
      }
    }
    throw Error(error.code(), problems);
  }
  CheckpointManifest manifest = describe(temporary.path());
  manifest.step = step;
  manifest.epoch = epoch;
  OutputFile(temporary.path() / kManifestName, place / kManifestName)
      .write(manifest_text(manifest));
  sync_tree(temporary.path());
  put_in_place(temporary.path(), place);
  link(place, is_best);
  prune();
  return place;
} catch (const fs::filesystem_error& error) {
  throw Error("E0503", error.path1(), error.code().message());
}

void CheckpointStore::go_on_from(const fs::path& checkpoint, bool is_best) const {
  for (const Place& place : list()) {
    if (place.path.filename() == checkpoint.filename()) break;
    const fs::path aside = place.path.string() + kDamaged;
    if (fs::exists(aside)) remove(aside);
    put_in_place(place.path, aside);
  }
  link(checkpoint, is_best);
}

void CheckpointStore::forget_best() const {
  std::error_code ignored;
  fs::remove(folder_ / kBest, ignored);
}

void CheckpointStore::link(const fs::path& checkpoint, bool is_best) const {
  link(kLast, checkpoint);
  if (is_best) link(kBest, checkpoint);
  sync_folder(folder_);
}

std::int64_t CheckpointStore::next_number() const {
  const std::vector<Place> places = list();
  return places.empty() ? 1 : places.front().number + 1;
}

CheckpointManifest CheckpointStore::describe(const fs::path& folder) {
  CheckpointManifest manifest;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) continue;
    manifest.files[entry.path().lexically_relative(folder).generic_string()] = {
        entry.file_size(), checksum(entry.path())};
  }
  return manifest;
}

// Files with several names are those that do not change from checkpoint to checkpoint.
std::string CheckpointStore::checksum(const fs::path& file) {
  struct ::stat status{};
  if (::stat(file.c_str(), &status) != 0 || status.st_nlink < 2) return sha256_of_file(file);
  const std::string identity = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) +
                               ":" + std::to_string(status.st_size) + ":" +
                               std::to_string(status.st_mtim.tv_sec) + "." +
                               std::to_string(status.st_mtim.tv_nsec);
  std::string& known = known_checksums_[identity];
  if (known.empty()) known = sha256_of_file(file);
  return known;
}

void CheckpointStore::link(const char* name, const fs::path& checkpoint) const {
  const fs::path temporary = temporary_beside(folder_ / name);
  std::error_code failure;
  fs::create_directory_symlink(checkpoint.filename(), temporary, failure);
  if (failure) {
    throw Error("E0503", folder_ / name, "cannot be linked: " + failure.message());
  }
  put_in_place(temporary, folder_ / name);
}

void CheckpointStore::prune() const {
  std::error_code ignored;
  const fs::path best = fs::read_symlink(folder_ / kBest, ignored);
  const std::vector<Place> places = list();
  for (std::size_t i = static_cast<std::size_t>(keep_); i < places.size(); ++i) {
    if (places[i].path.filename() != best) remove(places[i].path);
  }
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename();
    const std::size_t end = name.size() - std::min(name.size(), std::string(kDamaged).size());
    if (name.ends_with(kDamaged) && number_of(name.substr(0, end))) remove(entry.path());
  }
}

// Renamed first: what is removed half way must not be taken for a damaged checkpoint.
void CheckpointStore::remove(const fs::path& checkpoint) const {
  std::error_code ignored;
  const fs::path doomed = temporary_beside(checkpoint);
  put_in_place(checkpoint, doomed);
  fs::remove_all(doomed, ignored);
}

}  // namespace knack::host
