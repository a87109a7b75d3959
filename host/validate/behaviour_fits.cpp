// SPDX-License-Identifier: MIT
// Level 3: what a plugin does in a short run.
#include <ATen/ATen.h>
#include <knack/abi/knack.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string_view>

#include "host/common/join.hpp"
#include "host/train/keepers.hpp"
#include "host/validate/attempt.hpp"
#include "host/validate/behaviour_checks.hpp"
#include "host/validate/process_state.hpp"
#include "host/validate/trial.hpp"

namespace knack::host {
namespace {

/// The first line in which two digests differ, as `a` has it.
std::string first_difference(const std::string& a, const std::string& b) {
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const std::size_t begin = a.rfind('\n', static_cast<std::size_t>(in_a - a.begin()));
  const std::string line = a.substr(begin == a.npos ? 0 : begin + 1);
  return line.substr(0, line.find_last_of(' ', line.find('\n')));
}

std::string digest_of_run(const Subject& subject, const char* folder) {
  Disguise disguise(subject);
  return run_trial(disguise, {.folder = subject.scratch / folder});
}

/// Memory that makes what is allocated and loaded from here on lie elsewhere: a process that is
/// forked otherwise has the addresses of its sister.
std::vector<std::unique_ptr<char[]>> move_addresses() {
  std::vector<std::unique_ptr<char[]>> blocks;
  for (std::size_t i = 0; i < 2000; ++i) {
    blocks.push_back(std::make_unique<char[]>(16 + i * 37 % 3000));
  }
  blocks.push_back(std::make_unique<char[]>(std::size_t{5} << 20));  // a mapping, as of a library
  return blocks;
}

}  // namespace

Finding toy_fit(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  Disguise disguise(subject);
  std::map<std::string, int, std::less<>> calls;
  disguise.before = [&](const InstanceContext&, const char* function) { ++calls[function]; };
  try {
    Trial trial(disguise, {.folder = subject.scratch / "run"});
    trial.train();
    const Counters& counters = trial.fit().loop().counters();
    if (counters.step == 0)
      return warned("no step was made in " + std::to_string(counters.epoch) + " epochs");
    std::string text = std::to_string(counters.step) + " steps";
    for (const auto& [function, count] : calls) {
      text += ", " + function + " " + std::to_string(count);
    }
    return passed(text);
  } catch (...) {
    std::string text = text_of_current_exception();
    if (!subject.recipe_has_plugin) {
      text +=
          "; should it need options, data or another model: --recipe FILE names a recipe that "
          "uses it";
    }
    return failed(text);
  }
}

Finding destroy_without_fit(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  const Ending ending = attempt([&] {
    Disguise disguise(subject);
    note_try("destroyed right after `create`");
    {
      RunFolder folder = RunFolder::create(subject.scratch / "made");
      const Recipe recipe = trial_recipe(subject, {});
      HostServices services;
      const Fit fit(recipe, *subject.registry, services, &folder);
    }
    note_try("destroyed after fit_begin");
    Trial(disguise, {.folder = subject.scratch / "begun"}).destroy();
    note_try("destroyed in the middle of an epoch");
    Trial trial(disguise, {.folder = subject.scratch / "broken off"});
    trial.train_steps(3);
    trial.destroy();
    return std::string();
  });
  return ending.is_good() ? passed() : failed(ending.problem);
}

namespace {

/// The run that digest_of_run() makes, after and beside others of another seed.
std::string digest_among_others(const Subject& subject) {
  Disguise disguise(subject);
  Trial trial(disguise, {.folder = subject.scratch / "among others"});
  std::unique_ptr<Trial> alive;
  {
    const RandomStreamKeeper random_stream;
    Trial(disguise, {.seed = 1000, .folder = subject.scratch / "before"}).train();
    alive = std::make_unique<Trial>(
        disguise, TrialOptions{.seed = 1000, .folder = subject.scratch / "meanwhile"});
  }
  return trial.digest(trial.train());
}

}  // namespace

Finding instances_share_nothing(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  const Ending alone = attempt([&] { return digest_of_run(subject, "alone"); });
  const Ending among_others = attempt([&] { return digest_among_others(subject); });
  if (!among_others.is_good()) return failed("with other instances alive: " + among_others.problem);
  if (among_others.answer == alone.answer) return passed();
  if (attempt([&] { return digest_of_run(subject, "again"); }).answer != alone.answer) {
    return skipped("two runs differ already, as behaviour.same_seed_same_bits says");
  }
  return failed("beside other instances the same run gives another " +
                first_difference(alone.answer, among_others.answer) +
                "; keep in the instance what belongs to it");
}

Finding same_seed_same_bits(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  const Ending first = attempt([&] { return digest_of_run(subject, "first"); });
  const Ending second = attempt([&] {
    const auto moved = move_addresses();
    return digest_of_run(subject, "second");
  });
  if (!second.is_good()) return failed("the second time: " + second.problem);
  if (first.answer == second.answer) return passed();
  return failed("two runs with one seed give another " +
                first_difference(first.answer, second.answer) +
                "; draw random numbers from knack.rng/1, and use no clock and no address");
}

Finding restores_thread_state(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  Disguise disguise(subject);
  std::unique_ptr<ProcessState> before;
  std::string changes;
  disguise.before = [&](const InstanceContext&, const char*) {
    before = std::make_unique<ProcessState>();
  };
  disguise.after = [&](const InstanceContext&, const char* function) {
    const std::vector<std::string> found = before->changes();
    if (!found.empty() && changes.empty()) changes = std::string(function) + ": " + join(found);
  };
  Trial trial(disguise, {.check_plugins = true, .folder = subject.scratch / "run"});
  trial.train();
  return changes.empty() ? passed() : failed("it changed, in " + changes);
}

Finding no_nan(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  Disguise disguise(subject);
  Trial trial(disguise, {.folder = subject.scratch / "run"});
  const std::optional<FitResult> result = trial.train();
  const WeightStore& weights = trial.fit().weights();
  for (const auto& set : weights.sets()) {
    for (std::size_t i = 0; i < set->tensors.size(); ++i) {
      const at::Tensor& tensor = set->tensors[i];
      if (!tensor.is_floating_point() || at::isfinite(tensor).all().item<bool>()) continue;
      return failed("weight set `" + set->name + "`: " + weights.model_tensors()[i].name +
                    " has numbers that are not finite");
    }
  }
  for (const FinalSet& set : result->sets) {
    for (const auto& [name, value] : set.valid) {
      if (!std::isfinite(value))
        return failed(name + " of weight set `" + set.name + "` is no number");
    }
  }
  return passed();
}

namespace {

constexpr std::string_view kMayChangeParameters[] = {"create",      "fit_begin",  "epoch_begin",
                                                     "before_step", "after_step", "step"};

bool may_change_parameters(std::string_view function) {
  return std::find(std::begin(kMayChangeParameters), std::end(kMayChangeParameters), function) !=
         std::end(kMayChangeParameters);
}

bool are_equal(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const at::Tensor& x, const at::Tensor& y) { return at::equal(x, y); });
}

/// The live parameters, to compare.
std::vector<at::Tensor> copies_of_parameters(Fit& fit) {
  std::vector<at::Tensor> copies;
  const WeightStore& weights = fit.weights();
  for (std::size_t i = 0; i < weights.model_tensors().size(); ++i) {
    if (weights.model_tensors()[i].is_buffer) continue;
    copies.push_back(weights.sets().front()->tensors[i].detach().clone());
  }
  return copies;
}

}  // namespace

Finding leaves_parameters_alone(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  Disguise disguise(subject);
  disguise.hides_last_gradient = true;
  Trial trial(disguise, {.folder = subject.scratch / "run"});
  const at::Tensor without_gradient =
      trial.fit().parameters()[trial.fit().groups().back().parameters.back()].tensor;
  const at::Tensor initial = without_gradient.detach().clone();
  std::vector<at::Tensor> before;
  std::string changed_in;
  disguise.before = [&](const InstanceContext&, const char*) {
    before = copies_of_parameters(trial.fit());
  };
  disguise.after = [&](const InstanceContext&, const char* function) {
    if (!may_change_parameters(function) && !are_equal(before, copies_of_parameters(trial.fit()))) {
      changed_in = function;
    }
  };
  trial.train();
  disguise.before = disguise.after = nullptr;
  if (!changed_in.empty()) {
    return failed("it changed live parameters in " + changed_in +
                  "; tricks do that in fit_begin, epoch_begin, before_step and after_step, "
                  "optimizers in step, others never");
  }
  if (is_kind(subject, KNACK_KIND_OPTIMIZER) && !at::equal(initial, without_gradient)) {
    return failed("it changed a parameter that has no gradient; leave alone what comes with NULL");
  }
  return passed();
}

}  // namespace knack::host
