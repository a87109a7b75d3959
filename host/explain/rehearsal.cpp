// SPDX-License-Identifier: MIT
#include "host/explain/rehearsal.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "host/plugin/text.hpp"

namespace knack::host {
namespace {

constexpr std::int64_t kSamples = 2;       // of a micro-batch; BatchNorm needs more than one
constexpr std::int64_t kMicroBatches = 2;  // the fewest that make a window of several

/// Of as many micro-batches, or one where there are not enough samples.
std::unique_ptr<Loader> short_loader(const DataPart& part, std::int64_t micro_batches) {
  const std::int64_t samples = kSamples * micro_batches;
  LoaderSettings settings;
  settings.batch_size = kSamples;
  settings.limit = samples <= part.source->length() ? samples : kSamples;
  return std::make_unique<Loader>(*part.source, settings);
}

std::int64_t bytes_of(const WeightSet& set) {
  std::int64_t bytes = 0;
  for (const at::Tensor& tensor : set.tensors) bytes += static_cast<std::int64_t>(tensor.nbytes());
  return bytes;
}

/// Instances that a message names between backticks.
std::vector<std::string> named_in(const std::string& message, const std::vector<Trick>& tricks) {
  std::vector<std::string> names;
  for (const Trick& trick : tricks) {
    if (message.find("`" + trick.name() + "`") != message.npos) names.push_back(trick.name());
  }
  return names;
}

}  // namespace

Rehearsal::Rehearsal(Fit& fit, HostServices& services, const MemoryMeter& meter)
    : fit_(fit),
      host_(services),
      services_(fit, services),
      watch_(fit, services_),
      meter_(meter),
      setters_(fit.parts().parameters.size()) {
  FitParts& parts = fit.parts();
  parts.train.loader = short_loader(parts.train, kMicroBatches);
  parts.valid.loader = short_loader(parts.valid, 1);
}

void Rehearsal::run() {
  note_idle_tricks();
  note_sets("from the start");
  for (Trick* trick : fit_.hooks().subscribers(Hook::fit_begin)) begin_trick(*trick);
  note_sets("fit_begin");
  fit_.make_loop();
  evaluated_sets_ = static_cast<std::int64_t>(sets_.size());
  services_.limit_samples(kSamples);
  LogSink* const log = std::exchange(host_.log, nullptr);  // what is said of a few samples misleads
  try {
    if (!failure_) run_epoch();
  } catch (const Error& error) {
    note_windows();
    const auto id_of = [](const Error& each) { return each.diagnostics().front().id.text(); };
    const bool is_told = failure_ && id_of(*failure_) == id_of(error);  // by note_windows()
    if (error.code() == ExitCode::recipe && !is_told) {                 // whatever the samples
      add_failure("rehearsal", error, {});
    } else if (!failure_) {
      add_conflict(Conflict::Severity::warning, "rehearsal", error.what(), {});
    }
  } catch (const std::exception& error) {
    note_windows();
    if (!failure_) add_conflict(Conflict::Severity::warning, "rehearsal", error.what(), {});
  }
  note_windows();
  host_.log = log;
}

void Rehearsal::begin_trick(Trick& trick) {
  const std::int64_t held_before = meter_.held();
  const std::size_t sets_before = fit_.weights().sets().size();
  TrickDeeds& deeds = deeds_[trick.name()];
  knack_hook_context_t context = fit_.context();
  Replacements none;
  try {
    const at::NoGradGuard no_grad;
    watch_.around(trick, Hook::fit_begin, context, nullptr,
                  [&] { trick.call(Hook::fit_begin, context, none); });
  } catch (const Error& error) {
    add_failure("fit_begin", error, {trick.name()});
  }
  deeds.kept_bytes = meter_.held() - held_before;
  for (std::size_t i = sets_before; i < fit_.weights().sets().size(); ++i) {
    deeds.kept_bytes -= bytes_of(*fit_.weights().sets()[i]);
  }
  note_shared_options(trick);
}

// Different values are an error of fit_begin.
void Rehearsal::note_shared_options(const Trick& trick) {
  std::map<std::pair<std::string, std::string>, std::int64_t> shared;  // by option, first setter
  for (std::size_t i = 0; i < setters_.size(); ++i) {
    for (const auto& [option, set] : fit_.param_options().of(i)) {
      const auto [first, is_new] = setters_[i].emplace(option, set.setter);
      if (!is_new && first->second != set.setter) ++shared[{option, first->second}];
    }
  }
  for (const auto& [what, parameters] : shared) {
    const auto& [option, first] = what;
    add_conflict(Conflict::Severity::warning, "fit_begin",
                 "`" + first + "` and `" + trick.name() + "` both set " + option + " of " +
                     std::to_string(parameters) +
                     " parameters, to the same value; one of the two is enough",
                 {first, trick.name()});
  }
}

void Rehearsal::note_idle_tricks() {
  for (const Trick& trick : fit_.hooks().tricks()) {
    const bool acts = std::any_of(kHooks.begin(), kHooks.end(), [&](const HookFacts& facts) {
      return trick.subscribes(facts.hook);
    });
    if (acts) continue;
    add_conflict(Conflict::Severity::warning, "order",
                 "`" + trick.name() + "` acts at no hook, so it changes nothing; leave it out",
                 {trick.name()});
  }
}

// As Session does it, with the final evaluation of sets that were not evaluated before.
void Rehearsal::run_epoch() {
  fit_.loop().run_epoch([this] {
    note_windows();
    return true;
  });
  note_sets("epoch");
  evaluate_sets(0, fit_.context());
  knack_hook_context_t end = fit_.context();
  fit_.hooks().call(Hook::epoch_end, end);
  note_sets("epoch");
  const std::size_t known = sets_.size();
  evaluated_sets_ = static_cast<std::int64_t>(known);
  end = fit_.context();
  fit_.hooks().call(Hook::fit_end, end);
  note_sets("fit_end");
  end = fit_.context();
  end.is_final = 1;
  evaluate_sets(known, end);
}

void Rehearsal::evaluate_sets(std::size_t first, const knack_hook_context_t& context) {
  for (std::size_t i = first; i < fit_.weights().sets().size(); ++i) {
    check_monitor(fit_.evaluator().evaluate(*fit_.weights().sets()[i], context));
  }
}

void Rehearsal::check_monitor(const Metrics& metrics) {
  const std::string monitor(view(fit_.context().monitor));
  if (failure_ || metrics.contains(monitor)) return;
  add_failure("eval_end", unknown_monitor(monitor, metrics), {});
}

/// Asks each trick by itself, where the loop would ask them all.
void Rehearsal::note_windows() {
  if (std::exchange(has_windows_, true)) return;
  std::vector<std::string> askers;
  for (const Trick* trick : fit_.hooks().subscribers(Hook::window_begin)) {
    knack_hook_context_t context = fit_.context();
    Replacements none;
    try {
      const at::NoGradGuard no_grad;
      trick->call(Hook::window_begin, context, none);
    } catch (const Error& error) {
      add_failure("window_begin", error, {trick->name()});
    }
    if (context.request_micro_batches == 0) continue;
    askers.push_back(trick->name());
    deeds_[trick->name()].micro_batches = context.request_micro_batches;
  }
  if (askers.size() == 1) {
    window_asker_ = askers.front();
    window_ = std::max<std::int64_t>(deeds_[window_asker_].micro_batches, 1);
  } else if (!askers.empty()) {
    add_failure("window_begin", window_conflict(askers), askers);
  }
}

void Rehearsal::note_sets(const std::string& when) {
  const auto& all = fit_.weights().sets();
  for (std::size_t i = sets_.size(); i < all.size(); ++i) {
    sets_.push_back({all[i]->name, all[i]->publisher, when});
  }
}

void Rehearsal::add_failure(const std::string& stage, const Error& error,
                            std::vector<std::string> tricks) {
  if (!failure_) failure_ = error;
  add_conflict(Conflict::Severity::error, stage, error.what(), std::move(tricks));
}

void Rehearsal::add_conflict(Conflict::Severity severity, const std::string& stage,
                             const std::string& message, std::vector<std::string> tricks) {
  for (std::string& name : named_in(message, fit_.hooks().tricks())) {
    if (std::find(tricks.begin(), tricks.end(), name) == tricks.end()) {
      tricks.push_back(std::move(name));
    }
  }
  conflicts_.push_back({severity, stage, std::move(tricks), message});
}

}  // namespace knack::host
