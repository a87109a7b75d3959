// SPDX-License-Identifier: MIT
#include "host/validate/runner.hpp"

#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "host/common/error.hpp"
#include "host/common/temporary_folder.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/validate/attempt.hpp"
#include "host/validate/child_process.hpp"
#include "host/validate/clean_text.hpp"
#include "host/validate/interruption.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMostAtOnce = 2;
constexpr std::chrono::milliseconds kPause{1};

fs::path make_scratch_folder() {
  std::error_code failure;
  std::string name = (fs::temp_directory_path(failure) / "knack_validate_XXXXXX").string();
  if (failure || ::mkdtemp(name.data()) == nullptr) {
    const char* found = failure ? "none" : ::strerror(errno);
    const char* named = ::getenv("TMPDIR");
    throw Error("E0503", (named == nullptr ? name : "TMPDIR=" + one_line(named)) +
                             ": expected a folder that can be written, found " + found +
                             "; set TMPDIR to one");
  }
  return fs::canonical(name);
}

/// In the child. Throws nothing.
std::string run_in_child(const Check& check, const Subject& subject) noexcept {
  Finding finding;
  try {
    fs::current_path(subject.scratch);
    finding = check.run(subject);
  } catch (...) {
    finding = failed(text_of_current_exception());
  }
  if (finding.reason.empty() && finding.verdict != Verdict::passed) finding.reason = "no reason";
  return Json{{"verdict", finding.verdict}, {"reason", clean_text(finding.reason)}}.dump();
}

/// What a child's end says about the plugin.
Finding finding_of(const ChildEnd& end, std::chrono::seconds limit) {
  if (end.is_late) {
    return failed("not done within the time limit of " + std::to_string(limit.count()) + " s");
  }
  if (end.signal != 0) return failed(crash_text(end));
  const Json result = Json::parse(end.result, nullptr, false);
  if (result.is_object() && result.contains("verdict") && result["verdict"].is_number_integer() &&
      result.contains("reason") && result["reason"].is_string()) {
    const int verdict = result["verdict"].get<int>();
    if (verdict >= 0 && verdict <= static_cast<int>(Verdict::failed)) {
      return {static_cast<Verdict>(verdict), result["reason"].get<std::string>()};
    }
  }
  if (!end.result.empty()) {
    return failed("the result cannot be read: something wrote to a descriptor that is not its own");
  }
  return failed("the process ended before the check was done, with exit code " +
                std::to_string(end.exit_code));
}

/// A check of one subject, on its way.
struct Job {
  const Check* check;
  const Offer* offer;
  bool is_reported;
  std::unique_ptr<ChildProcess> child = nullptr;
  std::optional<Outcome> outcome = std::nullopt;
};

class Runner {
 public:
  Runner(const Registry& registry, const PluginFile& file, const RunnerOptions& options,
         const std::function<void(const Outcome&)>& report)
      : registry_(registry), file_(file), options_(options), report_(report) {
    for (const Offer& offer : registry.offers()) {
      if (offer.file == &file) offers_.push_back(offer);
    }
    result_.path = file.checked.path;
  }

  FileReport run(const std::vector<Check>& checks,
                 const std::function<bool(const Check&)>& is_wanted) {
    plan(checks, is_wanted);
    for (Job& job : jobs_) {
      const auto may_start = [&] { return running_ == 0 || (!waits_ && running_ < kMostAtOnce); };
      while (!may_start()) wait();
      start(job);
      report_in_order();
    }
    while (running_ > 0) wait();
    return std::move(result_);
  }

 private:
  void plan(const std::vector<Check>& checks, const std::function<bool(const Check&)>& is_wanted);
  void start(Job& job);
  void wait();
  void finish(Job& job, Outcome outcome);
  void report_in_order();
  fs::path scratch_of(const Job& job) const;
  Subject subject_of(const Job& job) const;
  Outcome outcome_of(const Job& job, Finding finding) const;
  const Job* broken_foundation(const Job& job) const;
  std::chrono::seconds limit_of(const Check& check) const {
    return options_.limit.value_or(check.limit);
  }

  const Registry& registry_;
  const PluginFile& file_;
  const RunnerOptions& options_;
  const std::function<void(const Outcome&)>& report_;
  std::vector<Offer> offers_;
  TemporaryFolder scratch_{make_scratch_folder()};
  std::deque<Job> jobs_;
  std::vector<const Job*> broken_;  // foundations that failed
  std::size_t running_ = 0;
  bool waits_ = false;  // what runs must end before anything else starts
  std::size_t reported_ = 0;
  FileReport result_;
};

void Runner::plan(const std::vector<Check>& checks,
                  const std::function<bool(const Check&)>& is_wanted) {
  const auto last = std::find_if(checks.rbegin(), checks.rend(), is_wanted);
  for (const Check& check : checks) {
    const bool stands_below = last != checks.rend() && &check <= &*last;
    const bool wanted = is_wanted(check);
    if (!wanted && !(check.is_foundation && stands_below)) continue;
    if (check.scope == Scope::file || offers_.empty()) {
      jobs_.push_back({&check, nullptr, wanted});
    } else {
      for (const Offer& offer : offers_) jobs_.push_back({&check, &offer, wanted});
    }
  }
}

fs::path Runner::scratch_of(const Job& job) const {
  const auto same = [&](const Job& other) { return &other == &job; };
  const auto number = std::find_if(jobs_.begin(), jobs_.end(), same) - jobs_.begin();
  return scratch_.path() / std::to_string(number);
}

Subject Runner::subject_of(const Job& job) const {
  return {file_.checked.path,         &file_,        &registry_,     job.offer, options_.recipe,
          options_.recipe_has_plugin, options_.seed, scratch_of(job)};
}

Outcome Runner::outcome_of(const Job& job, Finding finding) const {
  Outcome outcome;
  outcome.check = job.check;
  if (job.offer != nullptr) {
    outcome.kind = job.offer->provided().kind;
    outcome.id = job.offer->provided().id;
  }
  outcome.finding = std::move(finding);
  return outcome;
}

const Job* Runner::broken_foundation(const Job& job) const {
  for (const Job* broken : broken_) {
    if (broken->offer == nullptr || broken->offer == job.offer) return broken;
  }
  return nullptr;
}

void Runner::start(Job& job) {
  if (const Job* broken = broken_foundation(job)) {
    finish(job, outcome_of(job, skipped(std::string(broken->check->name) + " failed")));
    return;
  }
  const Subject subject = subject_of(job);
  fs::create_directory(subject.scratch);
  job.child = std::make_unique<ChildProcess>([&] { return run_in_child(*job.check, subject); },
                                             ChildLimits{limit_of(*job.check)});
  ++running_;
  waits_ = job.check->is_foundation;
}

/// Until at least one child has ended.
void Runner::wait() {
  for (;; std::this_thread::sleep_for(kPause)) {
    Interruption::throw_if_any();
    bool has_any_ended = false;
    for (Job& job : jobs_) {
      if (!job.child || !job.child->has_ended()) continue;
      const ChildEnd end = job.child->end();
      job.child.reset();
      --running_;
      std::error_code ignored;
      fs::remove_all(scratch_of(job), ignored);
      Outcome outcome = outcome_of(job, finding_of(end, limit_of(*job.check)));
      outcome.output = clean_text(end.output);
      outcome.seconds = end.seconds;
      finish(job, std::move(outcome));
      has_any_ended = true;
    }
    if (has_any_ended) return;
  }
}

void Runner::finish(Job& job, Outcome outcome) {
  if (job.check->is_foundation && outcome.finding.verdict == Verdict::failed) {
    broken_.push_back(&job);
    job.is_reported = true;
    if (job.check->scope == Scope::file) result_.can_be_loaded = false;
  }
  job.outcome = std::move(outcome);
  report_in_order();
}

void Runner::report_in_order() {
  for (; reported_ < jobs_.size() && jobs_[reported_].outcome; ++reported_) {
    if (!jobs_[reported_].is_reported) continue;
    report_(*jobs_[reported_].outcome);
    result_.outcomes.push_back(*jobs_[reported_].outcome);
  }
}

}  // namespace

FileReport run_checks(const std::vector<Check>& checks,
                      const std::function<bool(const Check&)>& is_wanted, const Registry& registry,
                      const PluginFile& file, const RunnerOptions& options,
                      const std::function<void(const Outcome&)>& report) {
  return Runner(registry, file, options, report).run(checks, is_wanted);
}

}  // namespace knack::host
