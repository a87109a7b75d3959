// SPDX-License-Identifier: MIT
// Level 3: what a plugin does in hosts that are older, newer, strict or failing.
#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "host/plugin/guard.hpp"
#include "host/validate/attempt.hpp"
#include "host/validate/behaviour_checks.hpp"
#include "host/validate/trial.hpp"

namespace knack::host {
namespace {

constexpr std::uint32_t kMuchNewer = 100;
constexpr std::size_t kTail = 64;
constexpr std::size_t kMostFailures = 64;

/// A service and the function of the plugin that used it.
using Use = std::pair<std::string, std::string>;

std::string used_by(const Use& use) {
  return use.first + ", used in " + use.second;
}

Use use_now(const char* service) {
  return {service, Call::current()->function()};
}

Finding run_as(const Subject& subject, const std::function<void(Disguise&)>& put_on) {
  const Ending ending = attempt([&] {
    Disguise disguise(subject);
    put_on(disguise);
    return run_trial(disguise, {.folder = subject.scratch / "run"});
  });
  return ending.is_good() ? passed() : failed(ending.problem);
}

/// Every use of a service in a run, as lines.
Ending uses_in_a_run(const Subject& subject) {
  return attempt([&] {
    Disguise disguise(subject);
    std::set<Use> uses;
    std::string lines;
    disguise.fails = [&](const char* service) {
      const Use use = use_now(service);
      if (uses.insert(use).second) lines += use.first + "\n" + use.second + "\n";
      return false;
    };
    run_trial(disguise, {.folder = subject.scratch / "counted"});
    return lines;
  });
}

std::vector<Use> parse_uses(const std::string& lines) {
  std::vector<Use> uses;
  std::size_t begin = 0;
  const auto next_line = [&] {
    const std::size_t end = lines.find('\n', begin);
    const std::string line = lines.substr(begin, end - begin);
    begin = end + 1;
    return line;
  };
  while (begin < lines.size()) {
    std::string service = next_line();
    uses.emplace_back(std::move(service), next_line());
  }
  return uses;
}

/// A run in which that use fails the first time. Whether that was noticed, and by whom.
Ending run_with_failure(const Subject& subject, const Use& failing, std::size_t number) {
  return attempt([&] {
    note_try(used_by(failing));
    Disguise disguise(subject);
    bool has_failed = false;
    disguise.fails = [&](const char* service) {
      const bool fails = !has_failed && use_now(service) == failing;
      has_failed |= fails;
      return fails;
    };
    try {
      run_trial(disguise, {.folder = subject.scratch / std::to_string(number)});
    } catch (const Error&) {
      return std::string(has_failed ? "noticed" : "not reached");
    }
    return std::string(has_failed ? "swallowed" : "not reached");
  });
}

/// What a plugin may do without: it observes, and changes nothing.
bool is_optional(const Use& use) {
  return use.first.starts_with("knack.metrics/");
}

}  // namespace

Finding works_in_its_oldest_host(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  const auto minor = static_cast<std::uint32_t>(subject.file->checked.manifest.abi_minor);
  Finding finding = run_as(subject, [&](Disguise& disguise) { disguise.minor = minor; });
  const std::string host =
      "in a host of ABI 1." + std::to_string(minor) + ", which is what its manifest asks for";
  if (finding.verdict == Verdict::failed) {
    finding.reason =
        host + ": " + finding.reason + "; do without what is newer, or state the minor that has it";
  }
  return finding;
}

Finding works_in_a_newer_host(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  Finding finding = run_as(subject, [&](Disguise& disguise) {
    disguise.minor = kMuchNewer;
    disguise.terms.tail = kTail;
  });
  if (finding.verdict == Verdict::failed) {
    finding.reason = "in a host of a later minor, whose structs are longer: " + finding.reason +
                     "; compare struct_size by KNACK_HAS and never for equality";
  }
  return finding;
}

Finding keeps_nothing_borrowed(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  const Ending ending = attempt([&] {
    Disguise disguise(subject);
    disguise.terms.takes_back = true;
    const std::filesystem::path folder = subject.scratch / "run";
    {
      Trial trial(disguise, {.folder = folder, .stops_at_step = 3});
      if (trial.train()) return std::string();  // ended before that step
    }
    run_trial(disguise, {.folder = folder, .resumes = true});
    return std::string(all_loans_were_taken_back() ? "" : "not all taken back");
  });
  if (ending.is_good() && ending.answer.empty()) return passed();
  if (ending.is_good()) {
    return skipped("calls lend it more than 1 GiB in all, not all of which could be taken back");
  }
  return failed("where what a call lends is gone after the call: " + ending.problem +
                "; copy what is needed later, and retain tensors");
}

Finding propagates_host_errors(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  const Ending counted = uses_in_a_run(subject);
  if (!counted.is_good()) return failed(counted.problem);
  std::vector<Use> uses = parse_uses(counted.answer);
  std::erase_if(uses, [](const Use& use) { return use.first == "allocate"; });
  if (uses.empty()) return skipped("it uses no service that can fail");
  const std::size_t count = uses.size();
  if (count > kMostFailures) {
    std::shuffle(uses.begin(), uses.end(), std::mt19937_64(subject.seed));
    uses.resize(kMostFailures);
  }
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const Ending ending = run_with_failure(subject, uses[i], i);
    if (!ending.is_good()) return failed(ending.problem);
    if (ending.answer == "swallowed" && !is_optional(uses[i])) {
      return failed("a failure of " + used_by(uses[i]) +
                    ", was passed over; return its status, and the run ends with its text");
    }
  }
  std::string text = std::to_string(uses.size());
  if (uses.size() < count) {
    text +=
        " of " + std::to_string(count) + ", chosen by seed " + std::to_string(subject.seed) + ":";
  }
  return passed(text + " failures of services");
}

}  // namespace knack::host
