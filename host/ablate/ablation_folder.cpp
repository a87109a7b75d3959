// SPDX-License-Identifier: MIT
#include "host/ablate/ablation_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>

#include "host/checkpoint/atomic_file.hpp"
#include "host/common/error.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/recipe/difference.hpp"
#include "host/report/run_folder.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

constexpr const char* kResults = "ablation.json";
constexpr const char* kLock = ".lock";
constexpr const char* kNextStep = "choose another folder with --dir";

/// Throws Error(recipe) unless both train the same but for what `ignored` names.
void require_same(const fs::path& place, const Json& before, const Json& now,
                  const std::string& ignored) {
  std::string lines;
  for (const Difference& difference : differences(before, now)) {
    const std::string& key = difference.key;
    if (key == ignored || leaves_training_alone(key) || is_consequence(difference)) continue;
    lines += "\n  " + key + ": " + value_text(difference.before) + " there, " +
             value_text(difference.after) + " now";
  }
  if (lines.empty()) return;
  throw Error("E0340", place,
              "expected results of the same recipe, found those of one that "
              "differs:" +
                  lines + "\n" + kNextStep + "; what is there stays as it is");
}

bool holds_nothing(const fs::path& folder) {
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    if (entry.path().filename() != kLock) return false;
  }
  return true;
}

/// What `read` makes of a JSON file. Throws Error(data) for one that is damaged.
template <typename Read>
auto read_from(const fs::path& file, const Read& read) {
  const Json content = read_json(file);
  try {
    return read(content);
  } catch (const Json::exception& error) {
    throw Error({.id = "E0502",
                 .sentence = "expected what knack has written, found something else",
                 .place = {.source = file.string()},
                 .notes = {error.what()},
                 .helps = {kNextStep}});
  }
}

/// What `object` has at `key`, as a number; NaN for null, which stands for one that is not finite.
double number_at(const Json& object, const std::string& key) {
  const Json value = object.value(key, Json());
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

RunOutcome outcome_of(const Json& summary, const Measure& measure) {
  RunOutcome outcome;
  outcome.seconds = number_at(summary, "seconds");
  outcome.weights = measure.weights.empty() ? summary.value("chosen", "") : measure.weights;
  const Json sets = summary.value("sets", Json::object());
  if (!sets.contains(outcome.weights)) {
    outcome.problem = "there is no weight set " + backticked(outcome.weights);
    return outcome;
  }
  const Json& set = sets.at(outcome.weights);
  const Json valid = set.value("valid", Json::object());
  if (!valid.contains(measure.metric)) {
    const std::vector<std::string> known = keys_of(valid);
    throw Error("E0105", "--metric " + backticked(measure.metric) +
                             ": expected a metric of these runs, which have " +
                             backticked_list(known) + suggestion(measure.metric, known));
  }
  outcome.valid = number_at(valid, measure.metric);
  outcome.test = number_at(set.value("test", Json::object()), measure.metric);
  if (outcome.valid != outcome.valid) outcome.problem = measure.metric + " is not finite";
  return outcome;
}

}  // namespace

AblationFolder::AblationFolder(const fs::path& folder, const Json& recipe)
    : path_(fs::absolute(folder).lexically_normal()) {
  std::error_code failure;
  const bool is_ours = fs::exists(path_ / kResults, failure);
  const bool is_other = fs::exists(path_, failure) && !fs::is_directory(path_, failure);
  if (is_other || (!is_ours && !holds_nothing(path_))) {
    const std::string problem =
        std::string("expected a new or empty folder or that of an ablation, found ") +
        (is_other ? "a file" : "one with other files in it") + "; choose another with --dir";
    throw Error(ExitCode::usage, Error("E0505", folder, problem).diagnostics());
  }
  if (is_ours) {
    read_from(path_ / kResults, [&](const Json& results) {
      require_same(path_, results.at("recipe"), recipe, "trainer.seed");
    });
  }
  make_folders(path_, kNextStep);
  const fs::path lock = path_ / kLock;
  lock_ = FileDescriptor(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!lock_.is_open()) {
    throw Error("E0503", lock, std::string("cannot be written: ") + std::strerror(errno));
  }
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    throw Error("E0505", path_,
                "another process is at work in this folder; wait for it or "
                "choose another with --dir");
  }
  remove_temporaries(path_);
}

bool AblationFolder::has_finished_run(const fs::path& folder) {
  std::error_code failure;
  for (const auto& condition : fs::directory_iterator(folder, failure)) {
    for (const auto& entry : fs::directory_iterator(condition, failure)) {
      if (RunFolder::is_run(entry) && RunFolder::open(entry).is_finished()) return true;
    }
  }
  return false;
}

fs::path AblationFolder::run(const Condition& condition, std::int64_t seed) const {
  return path_ / condition.folder() / ("seed-" + std::to_string(seed));
}

fs::path AblationFolder::log_file(const Condition& condition, std::int64_t seed) const {
  return run(condition, seed).string() + ".log";
}

void AblationFolder::write_recipe(const Condition& condition) const {
  make_folders(recipe_file(condition).parent_path(), kNextStep);
  write_json(recipe_file(condition), condition.recipe);
}

RunState AblationFolder::state(const Condition& condition, std::int64_t seed) const {
  const fs::path folder = run(condition, seed);
  if (!RunFolder::is_run(folder)) return RunState::absent;
  const RunFolder there = RunFolder::open(folder);
  Json now = condition.recipe;
  now["trainer"]["seed"] = seed;
  // 0 leaves the number to the host, which has chosen.
  const bool is_chosen = now.at("trainer").value("threads", 0) == 0;
  read_from(there.recipe_file(), [&](const Json& before) {
    require_same(folder, before, now, is_chosen ? "trainer.threads" : "");
  });
  return there.is_finished() ? RunState::finished : RunState::interrupted;
}

RunOutcome AblationFolder::outcome(const Condition& condition, std::int64_t seed,
                                   const Measure& measure) const {
  const fs::path file = RunFolder::open(run(condition, seed)).summary_file();
  return read_from(file, [&](const Json& summary) { return outcome_of(summary, measure); });
}

void AblationFolder::write(const Json& results, const std::string& markdown) const {
  write_json(path_ / kResults, results);
  if (!markdown.empty()) write_file_atomically(path_ / "ablation.md", markdown);
}

}  // namespace knack::host
