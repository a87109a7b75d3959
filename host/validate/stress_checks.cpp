// SPDX-License-Identifier: MIT
// Level 4: a plugin under stress.
#include <ATen/ATen.h>
#include <knack/abi/knack.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <string_view>
#include <thread>
#include <utility>

#include "host/plugin/guard.hpp"
#include "host/validate/attempt.hpp"
#include "host/validate/behaviour_checks.hpp"
#include "host/validate/trial.hpp"

namespace knack::host {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr int kCreations = 1000;
constexpr int kLeastCreations = 90;
constexpr int kWarmUp = 20;
constexpr Seconds kLongestCreations{1.0};
constexpr int kBatches = 3;  // of one size
constexpr int kUnits = 9;    // all instances of three batches and of three that are twice as large
constexpr std::int64_t kGrowthPerInstance = 8;  // bytes; the least that can leak is 24

constexpr int kWarmUpRuns = 6;
constexpr int kRuns = 8;
constexpr std::int64_t kGrowthPerRun = 256;  // bytes; a handle a step is 320

constexpr int kMostAllocations = 48;

constexpr Seconds kFreeCost{0.001};
constexpr double kReadings = 20;  // of all weights

constexpr int kThreads = 4;
constexpr int kRounds = 4;

Instance create(const Subject& subject, const Json& options, const HostServices& services) {
  const Provided& provided = subject.provided();
  return subject.registry->create(provided.kind, provided.id, provided.id,
                                  Value::from_json(options), services);
}

std::int64_t heap_in_use() {
  const auto heap = ::mallinfo2();
  return static_cast<std::int64_t>(heap.uordblks + heap.hblkhd);
}

/// Not so where another allocator is at work than that of the C library.
bool is_heap_seen() {
  constexpr std::int64_t kBytes = 100'000;
  const std::int64_t before = heap_in_use();
  void* volatile memory = ::operator new(kBytes);
  const std::int64_t growth = heap_in_use() - before;
  ::operator delete(memory);
  return growth >= kBytes;
}

std::int64_t open_files() {
  namespace fs = std::filesystem;
  return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
}

}  // namespace

namespace {

/// What one call of `work` leaves allocated at least; a leak is in each call.
template <class Work>
std::int64_t least_growth(int calls, Work&& work) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < calls; ++i) {
    const std::int64_t before = heap_in_use();
    work();
    least = std::min(least, heap_in_use() - before);
  }
  return least;
}

struct Creations {
  int made = 0;
  std::int64_t left_by_each = 0;  ///< bytes
};

/// Instances that are made and destroyed, in batches. What they leave is theirs only if each batch
/// leaves its share, and one of twice the size twice that: other things grow now and then.
Creations make_and_destroy(const Subject& subject) {
  const Json options = trial_options_of(subject);
  const HostServices services;
  const auto make = [&](int count) {
    for (int i = 0; i < count; ++i) create(subject, options, services);
  };
  make(kWarmUp);
  const auto start = Clock::now();
  make(kWarmUp);
  const Seconds each = (Clock::now() - start) / kWarmUp;
  const auto affordable = kLongestCreations / std::max(each, Seconds(1e-6));
  const int all = static_cast<int>(std::clamp<double>(affordable, kLeastCreations, kCreations));
  const int batch = (all + kUnits - 1) / kUnits;
  const std::int64_t small = least_growth(kBatches, [&] { make(batch); });
  const std::int64_t large = least_growth(kBatches, [&] { make(2 * batch); });
  return {2 * kWarmUp + kUnits * batch, std::min(small / batch, large / (2 * batch))};
}

std::int64_t growth_of_runs(Disguise& disguise) {
  int number = 0;
  const auto run = [&] {
    run_trial(disguise, {.folder = disguise.subject().scratch / std::to_string(number++)});
  };
  for (int i = 0; i < kWarmUpRuns; ++i) run();
  return least_growth(kRuns, run);
}

}  // namespace

Finding create_destroy(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  Disguise disguise(subject);
  trial_options_of(subject);  // loads the plugin, whose file stays open
  const std::int64_t files_before = open_files();
  const bool sees_heap = is_heap_seen();
  const Creations creations = make_and_destroy(subject);
  const std::string all = std::to_string(creations.made) + " instances";
  if (creations.left_by_each > kGrowthPerInstance) {
    return failed("of " + all + " that were destroyed each leaves " +
                  std::to_string(creations.left_by_each) + " bytes");
  }
  const std::int64_t growth_per_run = growth_of_runs(disguise);
  if (growth_per_run > kGrowthPerRun) {
    return failed("each run of ten steps leaves " + std::to_string(growth_per_run) +
                  " bytes; give back every handle that is owned");
  }
  const std::int64_t files = open_files() - files_before;
  if (files > 0) return failed(std::to_string(files) + " files are still open after " + all);
  if (!sees_heap) {
    return skipped(
        "an allocator that is not the C library's does not say what is in use; no file "
        "is left open");
  }
  return passed(all);
}

namespace {

/// A run with a checkpoint in it, in which allocation `failing`, counted from 1, gives NULL. How many
/// there were, or "swallowed" when the call that it was for did not fail.
std::string run_without_memory(const Subject& subject, int failing) {
  Disguise disguise(subject);
  int allocations = 0;
  disguise.fails = [&](const char* service) {
    return std::string_view(service) == "allocate" && ++allocations == failing;
  };
  const std::filesystem::path folder = subject.scratch / std::to_string(failing);
  try {
    Trial trial(disguise, {.folder = folder, .stops_at_step = 3});
    trial.train();
  } catch (const Error&) {
    return std::to_string(allocations);
  }
  return allocations >= failing && failing > 0 ? "swallowed" : std::to_string(allocations);
}

}  // namespace

Finding allocation_failure(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  const Ending counted = attempt([&] { return run_without_memory(subject, 0); });
  if (!counted.is_good()) return failed(counted.problem);
  const int allocations = std::stoi(counted.answer);
  if (allocations == 0) return skipped("it asks the host for no memory");
  const int step = std::max(1, allocations / kMostAllocations);
  for (int i = 1; i <= allocations; i += step) {
    const Ending ending = attempt([&] {
      note_try("allocation " + std::to_string(i) + " gives NULL");
      return run_without_memory(subject, i);
    });
    if (!ending.is_good()) return failed(ending.problem);
    if (ending.answer == "swallowed") {
      return failed("allocation " + std::to_string(i) +
                    " gave NULL and the call went on; return KNACK_STATUS_NO_MEMORY with a text");
    }
  }
  return passed(std::to_string(allocations) + " allocations");
}

namespace {

constexpr std::string_view kEachStep[] = {"window_begin", "batch",       "forward",    "loss",
                                          "gradients",    "before_step", "after_step", "step"};

Seconds time_of_copy(Fit& fit) {
  Seconds best{1e9};
  for (int i = 0; i < 10; ++i) {
    const auto start = Clock::now();
    for (const at::Tensor& tensor : fit.weights().live().tensors) tensor.detach().clone();
    best = std::min<Seconds>(best, Clock::now() - start);
  }
  return best;
}

std::string microseconds(Seconds time) {
  return std::to_string(static_cast<std::int64_t>(time.count() * 1e6)) + " us";
}

}  // namespace

Finding hook_cost(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  if (!is_kind(subject, KNACK_KIND_TRICK) && !is_kind(subject, KNACK_KIND_OPTIMIZER)) {
    return skipped("only tricks and optimizers add to what the model costs");
  }
  Disguise disguise(subject);
  Clock::time_point entered;
  std::map<std::string, Seconds, std::less<>> best;  // of a function
  disguise.before = [&](const InstanceContext&, const char*) { entered = Clock::now(); };
  disguise.after = [&](const InstanceContext&, const char* function) {
    const Seconds lasted = Clock::now() - entered;
    const auto [found, is_first] = best.emplace(function, lasted);
    if (!is_first) found->second = std::min(found->second, lasted);
  };
  Trial trial(disguise, {.folder = subject.scratch / "run"});
  trial.train();
  Seconds found{0};
  for (const std::string_view function : kEachStep) {
    const auto entry = best.find(function);
    if (entry != best.end()) found += entry->second;
  }
  const Seconds granted = kFreeCost + kReadings * time_of_copy(trial.fit());
  const std::string text = microseconds(found) + " a step";
  if (found <= granted) return passed(text);
  return warned(text + ", where at most " + microseconds(granted) +
                " were expected; see what its hooks wait for");
}

namespace {

using Batches = std::vector<std::string>;

std::vector<std::int64_t> indices_of(std::size_t batch, std::int64_t length) {
  std::vector<std::int64_t> indices(4);
  std::iota(indices.begin(), indices.end(), static_cast<std::int64_t>(batch) * 4);
  for (std::int64_t& index : indices) index %= length;
  return indices;
}

std::string read_batch(const Dataset& dataset, std::size_t batch, std::uint64_t seed) {
  const auto samples = dataset.batch(1, seed, indices_of(batch, dataset.length()));
  return text_of(samples.inputs) + text_of(samples.targets);
}

/// Reads all batches in an order of its own, some times over; the first difference, or nothing.
std::string compare(const Dataset& dataset, const Batches& expected, std::uint64_t seed,
                    std::size_t thread) {
  const at::NoGradGuard no_grad;
  try {
    for (std::size_t i = 0; i < kRounds * expected.size(); ++i) {
      const std::size_t batch = (i + thread * 3) % expected.size();
      if (read_batch(dataset, batch, seed) != expected[batch]) {
        return "batch " + std::to_string(batch) + " is another one";
      }
    }
  } catch (...) {
    return text_of_current_exception();
  }
  return {};
}

}  // namespace

Finding concurrent_instances(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  if (!is_kind(subject, KNACK_KIND_DATASET)) {
    return skipped("only datasets are entered by loader threads");
  }
  Disguise disguise(subject);
  const Json options = trial_options_of(subject);
  HostServices services;
  services.seed = subject.seed;
  std::vector<std::unique_ptr<Dataset>> datasets;
  for (int i = 0; i < kThreads; ++i) {
    datasets.push_back(std::make_unique<Dataset>(create(subject, options, services)));
  }
  Batches expected;
  for (std::size_t batch = 0; batch < 8; ++batch) {
    expected.push_back(read_batch(*datasets[0], batch, subject.seed));
  }
  const bool is_reentrant = datasets[0]->is_reentrant();
  std::array<std::string, kThreads> problems;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      const Dataset& dataset = *datasets[is_reentrant ? 0 : i];
      threads.emplace_back([&, i] { problems[i] = compare(dataset, expected, subject.seed, i); });
    }
  }
  for (const std::string& problem : problems) {
    if (problem.empty()) continue;
    return failed(std::string("with several threads in ") +
                  (is_reentrant ? "one reentrant instance" : "an instance each") + ": " + problem);
  }
  return passed(is_reentrant ? "one reentrant instance" : "an instance a thread");
}

}  // namespace knack::host
