// SPDX-License-Identifier: MIT
// Level 4: state that is saved and taken back.
#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <random>

#include "host/validate/attempt.hpp"
#include "host/validate/behaviour_checks.hpp"
#include "host/validate/trial.hpp"

namespace knack::host {
namespace {

constexpr std::int64_t kStops[] = {3, 6};  // in the middle of the first and the second epoch
constexpr std::size_t kMostGarbage = 80;
constexpr int kRandomTrees = 12;

std::string states_of(const Trial& trial) {
  std::string text;
  for (const Instance* instance : trial.subjects()) {
    if (!instance->has_state()) continue;
    const InstanceState saved = instance->save_state();
    text += "version " + std::to_string(saved.version) + " " + text_of(saved.state) + "\n";
  }
  return text;
}

const std::string kOver = "over";

/// A run that stops there and leaves a checkpoint; what `look` sees then, or kOver when the run did
/// not come that far.
Ending run_until(const Subject& subject, std::int64_t step, const std::filesystem::path& folder,
                 const std::function<std::string(const Trial&)>& look) {
  return attempt([&] {
    Disguise disguise(subject);
    Trial trial(disguise, {.folder = folder, .stops_at_step = step});
    return trial.train() ? kOver : look(trial);
  });
}

std::string where_they_differ(const std::string& saved, const std::string& again) {
  const auto at = std::mismatch(saved.begin(), saved.end(), again.begin(), again.end()).first;
  const auto offset = static_cast<std::size_t>(at - saved.begin());
  const std::size_t begin = offset < 20 ? 0 : offset - 20;
  const auto near = [&](const std::string& text) {
    std::string part = text.substr(begin, 50);
    std::replace(part.begin(), part.end(), '\n', ' ');
    return "'..." + part + "...'";
  };
  return near(saved) + " became " + near(again);
}

}  // namespace

Finding round_trip(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  const std::filesystem::path folder = subject.scratch / "run";
  const Ending saved = run_until(subject, kStops[1], folder, states_of);
  if (!saved.is_good()) return failed(saved.problem);
  if (saved.answer.empty()) return skipped("it saves no state");
  if (saved.answer == kOver)
    return skipped("its run ends before step " + std::to_string(kStops[1]));
  const Ending again = attempt([&] {
    Disguise disguise(subject);
    Trial trial(disguise, {.folder = folder, .resumes = true});
    trial.resume();
    return states_of(trial);
  });
  if (!again.is_good()) return failed("state it saved itself is not taken back: " + again.problem);
  if (saved.answer == again.answer) return passed();
  return failed("state is another after it was saved, loaded and saved: " +
                where_they_differ(saved.answer, again.answer));
}

Finding resume_equals_unbroken(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  const auto unbroken = [&](const char* folder) {
    return attempt([&] {
      Disguise disguise(subject);
      return run_trial(disguise, {.folder = subject.scratch / folder});
    });
  };
  const Ending whole = unbroken("unbroken");
  for (const std::int64_t stop : kStops) {
    const std::string at_step = "step " + std::to_string(stop);
    const std::filesystem::path folder = subject.scratch / at_step;
    const Ending first =
        run_until(subject, stop, folder, [](const Trial&) { return std::string("stopped"); });
    if (!first.is_good()) return failed("saved after " + at_step + ": " + first.problem);
    if (first.answer == kOver) continue;
    const Ending second = attempt([&] {
      Disguise disguise(subject);
      return run_trial(disguise, {.folder = folder, .resumes = true});
    });
    if (!second.is_good()) return failed("resumed after " + at_step + ": " + second.problem);
    if (second.answer == whole.answer) continue;
    if (unbroken("again").answer != whole.answer) {
      return skipped("two unbroken runs differ already, as behaviour.same_seed_same_bits says");
    }
    return failed("a run that was resumed after " + at_step +
                  " ends otherwise than the unbroken one; save all that the next steps depend on");
  }
  return passed();
}

namespace {

struct Garbage {
  std::string what;
  InstanceState state;
};

Value random_tree(std::mt19937_64& random, int depth) {
  switch (random() % (depth > 2 ? 6 : 8)) {
    case 0:
      return {};
    case 1:
      return {random() % 2 == 0};
    case 2:
      return {static_cast<std::int64_t>(random())};
    case 3:
      return {static_cast<double>(random()) * 1e300};
    case 4:
      return {std::string(random() % 300, static_cast<char>(random() % 128))};
    case 5:
      return {at::zeros({static_cast<std::int64_t>(random() % 4)})};
    case 6: {
      Value::List list;
      for (std::uint64_t i = random() % 5; i > 0; --i)
        list.push_back(random_tree(random, depth + 1));
      return list;
    }
    default: {
      Value::Map map;
      for (std::uint64_t i = random() % 5; i > 0; --i) {
        map.push_back({"key " + std::to_string(i), random_tree(random, depth + 1)});
      }
      return map;
    }
  }
}

/// The state without an entry, or with something else in its place.
void add_damaged(std::vector<Garbage>& all, const InstanceState& good, std::size_t entry) {
  const auto& map = *good.state.get_if<Value::Map>();
  const std::vector<std::pair<std::string, Value>> others = {
      {"none", Value()},
      {"-1", Value(-1)},
      {"the largest integer", Value(std::numeric_limits<std::int64_t>::max())},
      {"a NaN", Value(std::numeric_limits<double>::quiet_NaN())},
      {"a text", Value("garbage")},
      {"an empty list", Value(Value::List{})},
      {"an empty map", Value(Value::Map{})},
      {"another tensor", Value(at::zeros({3}))},
      {"an empty tensor", Value(at::zeros({0}))}};
  for (const auto& [what, value] : others) {
    Value::Map damaged = map;
    damaged[entry].value = value;
    all.push_back({"\"" + map[entry].name + "\" is " + what, {good.version, Value(damaged)}});
  }
  Value::Map damaged = map;
  damaged.erase(damaged.begin() + static_cast<std::ptrdiff_t>(entry));
  all.push_back({"\"" + map[entry].name + "\" is missing", {good.version, Value(damaged)}});
}

std::vector<Garbage> garbage_like(const InstanceState& good, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Garbage> damaged;
  for (std::size_t i = 0; i < good.state.get_if<Value::Map>()->size(); ++i) {
    add_damaged(damaged, good, i);
  }
  std::shuffle(damaged.begin(), damaged.end(), random);
  damaged.resize(std::min(damaged.size(), kMostGarbage));
  std::vector<Garbage> all = {
      {"empty", {good.version, Value(Value::Map{})}},
      {"empty, of version 0", {0, Value(Value::Map{})}},
      {"of the largest version", {std::numeric_limits<std::uint32_t>::max(), good.state}},
      {"of version 0", {0, good.state}}};
  all.insert(all.end(), damaged.begin(), damaged.end());
  for (int i = 0; i < kRandomTrees; ++i) {
    Value::Map map = {{"unexpected", random_tree(random, 0)}};
    all.push_back({"random tree " + std::to_string(i), {good.version, Value(std::move(map))}});
  }
  return all;
}

const Instance* with_state(const Trial& trial) {
  for (const Instance* instance : trial.subjects()) {
    if (instance->has_state()) return instance;
  }
  return nullptr;
}

/// Whether it was accepted.
bool try_to_load(Disguise& disguise, const Garbage& garbage, const std::filesystem::path& folder) {
  Trial trial(disguise, {.folder = folder});
  try {
    with_state(trial)->load_state(garbage.state);
  } catch (const Error& error) {
    if (std::string_view(error.what()).find("expected a text with status") !=
        std::string_view::npos) {
      throw;
    }
    return false;
  }
  try {
    trial.train_steps(2);
    with_state(trial)->save_state();
  } catch (const Error&) {  // said late, but said
  }
  return true;
}

}  // namespace

Finding refuses_garbage(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  const Ending ending = attempt([&]() -> std::string {
    Disguise disguise(subject);
    InstanceState good;
    {
      Trial trial(disguise, {.folder = subject.scratch / "good"});
      if (with_state(trial) == nullptr) return "none";
      trial.train_steps(3);
      good = with_state(trial)->save_state();
    }
    const std::vector<Garbage> all = garbage_like(good, subject.seed);
    for (std::size_t i = 0; i < all.size(); ++i) {
      note_try("state that is " + all[i].what + ", seed " + std::to_string(subject.seed));
      const bool accepted = try_to_load(disguise, all[i], subject.scratch / std::to_string(i));
      if (accepted && all[i].state.version > good.version) return "later";
    }
    return std::to_string(all.size());
  });
  if (!ending.is_good()) return failed(ending.problem);
  if (ending.answer == "none") return skipped("it saves no state");
  if (ending.answer == "later") {
    return failed(
        "state of a version that is yet to come is accepted; refuse what is later than the "
        "version that state_save gives");
  }
  return passed(ending.answer + " damaged states");
}

}  // namespace knack::host
