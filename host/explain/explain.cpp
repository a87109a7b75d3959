// SPDX-License-Identifier: MIT
#include "host/explain/explain.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "host/explain/acting_order.hpp"
#include "host/explain/costs.hpp"
#include "host/explain/last_run.hpp"
#include "host/explain/memory_folder.hpp"
#include "host/explain/origins.hpp"
#include "host/explain/rehearsal.hpp"
#include "host/explain/run_numbers.hpp"
#include "host/explain/trick_review.hpp"
#include "host/train/fit.hpp"
#include "host/train/thread_choice.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

/// The recipe as it is rehearsed: one epoch, on the CPU.
Recipe rehearsed(Recipe recipe) {
  recipe.trainer.epochs = 1;
  recipe.trainer.device = "cpu";
  if (recipe.trainer.threads == 0) recipe.trainer.threads = at::get_num_threads();
  recipe.train.loader.workers = recipe.valid.loader.workers = 0;
  if (recipe.test) recipe.test->loader.workers = 0;
  return recipe;
}

ParameterFacts facts_of(const ModelTensor& entry, const std::map<std::string, ParamOption>& set) {
  ParameterFacts facts{.name = entry.name,
                       .shape = entry.tensor.sizes().vec(),
                       .elements = entry.tensor.numel(),
                       .dtype = c10::toString(entry.tensor.scalar_type()),
                       .role = entry.role,
                       .layer = entry.owner_kind,
                       .set = {}};
  for (const auto& [option, choice] : set) {
    facts.set.push_back({option, choice.value, choice.setter, choice.reason});
  }
  return facts;
}

class Explainer {
 public:
  Explainer(const Recipe& recipe, const Registry& registry, HostServices& services)
      : recipe_(recipe), rehearsed_(rehearsed(recipe)), registry_(registry), services_(services) {}

  void describe_recipe(const Document& document, const fs::path& file) {
    told_.recipe_file = file.string();
    told_.resolved = resolved(recipe_);
    told_.values = values_with_origins(recipe_, document, file);
    told_.last_run = find_last_run(recipe_);
  }

  std::optional<Error> describe_parts() {
    const std::int64_t program = resident_bytes();
    const MemoryFolder memory;
    MemoryMeter meter;
    Fit fit(rehearsed_, registry_, services_, memory.folder());
    Rehearsal rehearsal(fit, services_, meter);
    choose_threads(fit.parts());
    told_.description = fit.parts().description(device_of_training());
    rehearsal.run();
    told_.is_complete = true;
    told_.conflicts = rehearsal.conflicts();
    told_.sets = rehearsal.sets();
    told_.moved = moved_tricks(recipe_, registry_);
    describe_hooks(fit);
    describe_groups(fit);
    describe_tricks(fit, rehearsal);
    told_.numbers = run_numbers(recipe_, fit, rehearsal);
    review_tricks(told_);
    const std::optional<Error> failure = measure(fit, meter, program);
    return rehearsal.failure() ? rehearsal.failure() : failure;
  }

  /// The parts cannot be made.
  void note_failure(const Error& error) {
    told_.conflicts.push_back({Conflict::Severity::error, "parts", {}, error.what()});
  }

  Explanation take() {
    return std::move(told_);
  }

 private:
  /// As far as it can be told here, where there may be another.
  std::string device_of_training() const {
    if (recipe_.trainer.device != "auto") return recipe_.trainer.device;
    return at::hasCUDA() ? "cuda" : "cpu";
  }

  /// Notes what a training would choose, and takes what suits the few samples of the rehearsal.
  void choose_threads(FitParts& parts) const {
    if (recipe_.trainer.threads > 0) return;
    parts.train.loader->start_epoch(1);
    const Batch few = *parts.train.loader->next();
    const Value inputs = parts.placement.place(few.inputs);
    const std::int64_t batch =
        std::min(recipe_.train.loader.batch_size, parts.train.source->length());
    parts.threads = suitable_threads(*parts.model, inputs,
                                     static_cast<double>(batch) / static_cast<double>(few.samples));
    at::set_num_threads(parts.threads == 1 ? 1 : suitable_threads(*parts.model, inputs));
  }

  void describe_hooks(Fit& fit) {
    for (const HookFacts& facts : kHooks) {
      HookRow row{facts.name, facts.closes, {}};
      for (const Trick* trick : fit.hooks().subscribers(facts.hook)) {
        row.tricks.push_back(trick->name());
      }
      told_.hooks.push_back(std::move(row));
    }
  }

  void describe_groups(Fit& fit) {
    const FitParts& parts = fit.parts();
    for (std::size_t number = 0; number < fit.groups().size(); ++number) {
      GroupFacts group{options_of(fit, number), {}, 0};
      for (const std::size_t i : fit.groups()[number].parameters) {
        group.parameters.push_back(facts_of(parts.parameters[i], fit.param_options().of(i)));
        group.elements += group.parameters.back().elements;
      }
      told_.groups.push_back(std::move(group));
    }
    for (const ModelTensor& entry : parts.parameters) {
      if (!entry.tensor.requires_grad()) told_.frozen.push_back(facts_of(entry, {}));
    }
  }

  /// The optimizer's numbers for a group, as far as it tells them.
  std::map<std::string, double> options_of(Fit& fit, std::size_t group) const {
    std::map<std::string, double> options = fit.groups()[group].options;
    for (const auto& [name, value] : recipe_.optimizer.options.items()) {
      if (!value.is_number()) continue;
      try {
        options[name] = fit.group_option(group, name);
      } catch (const Error&) {  // an option of the optimizer that no group has
      }
    }
    return options;
  }

  void describe_tricks(Fit& fit, const Rehearsal& rehearsal) {
    for (const Trick& trick : fit.hooks().tricks()) {
      told_.tricks.push_back(describe_trick(fit, rehearsal, trick));
    }
  }

  TrickFacts describe_trick(Fit& fit, const Rehearsal& rehearsal, const Trick& trick) const {
    const auto section =
        std::find_if(recipe_.tricks.begin(), recipe_.tricks.end(),
                     [&](const Section& named) { return named.name == trick.name(); });
    const Offer offer = registry_.find(Trick::kKind, section->use);
    TrickFacts facts;
    facts.name = trick.name();
    facts.id = section->use;
    facts.version = offer.file->checked.manifest.version;
    facts.summary = offer.provided().summary;
    facts.place_in_recipe = static_cast<std::size_t>(section - recipe_.tricks.begin()) + 1;
    facts.changed_options = changed_options(*section);
    for (const HookFacts& hook : kHooks) {
      if (trick.subscribes(hook.hook)) facts.hooks.push_back(hook.name);
    }
    for (std::size_t i = 0; i < fit.parts().parameters.size(); ++i) {
      for (const auto& [option, set] : fit.param_options().of(i)) {
        if (set.setter == trick.name()) ++facts.set_options[option];
      }
    }
    for (const SetFacts& set : rehearsal.sets()) {
      if (set.publisher == trick.name()) facts.publishes.push_back(set.name);
    }
    if (const auto deeds = rehearsal.deeds().find(trick.name()); deeds != rehearsal.deeds().end()) {
      facts.micro_batches = deeds->second.micro_batches;
      facts.kept_bytes = std::max<std::int64_t>(deeds->second.kept_bytes, 0);
    }
    if (const auto changes = rehearsal.changes().find(trick.name());
        changes != rehearsal.changes().end()) {
      facts.changes = changes->second;
    }
    for (const Change& change : facts.changes) {
      if (change.what == kNormMomentum) facts.norm_momentum_of = change.count;
    }
    if (const auto names = rehearsal.reported().find(trick.name());
        names != rehearsal.reported().end()) {
      facts.metrics.assign(names->second.begin(), names->second.end());
    }
    const auto given = fit.facts().find(trick.name());
    if (given != fit.facts().end()) facts.facts = given->second;
    if (told_.last_run) {
      const auto cost = told_.last_run->tricks.find(trick.name());
      if (cost != told_.last_run->tricks.end()) facts.last_run = cost->second;
    }
    return facts;
  }

  std::map<std::string, Json> changed_options(const Section& section) const {
    const char* text = registry_.descriptor(Trick::kKind, section.use).schema_json;
    const Json schema = Json::parse(text == nullptr ? "{}" : text, nullptr, true, true);
    const Json properties = schema.value("properties", Json::object());
    std::map<std::string, Json> changed;
    for (const auto& [key, value] : section.options.items()) {
      const bool is_default = properties.contains(key) && properties[key].contains("default") &&
                              properties[key]["default"] == value;
      if (!is_default) changed[key] = value;
    }
    return changed;
  }

  /// What fails here, without any trick, fails in every training.
  std::optional<Error> measure(Fit& fit, MemoryMeter& meter, std::int64_t program) {
    CostSizes sizes;
    sizes.batch_size = std::min(recipe_.train.loader.batch_size, told_.numbers.train_samples);
    sizes.window = told_.numbers.window;
    sizes.step_samples = told_.numbers.effective_batch;
    sizes.valid_batch_size = std::min(recipe_.valid.loader.batch_size, told_.numbers.valid_samples);
    sizes.workers = recipe_.train.loader.workers;
    sizes.valid_workers = recipe_.valid.loader.workers;
    sizes.program_bytes = program;
    for (const TrickFacts& trick : told_.tricks) sizes.trick_bytes += trick.kept_bytes;
    if (device_of_training() != "cpu") {
      told_.notes.push_back("rehearsed and measured on the CPU, where memory and threads differ");
    }
    try {
      Costs costs = measure_costs(fit, meter, sizes);
      told_.flops = std::move(costs.flops);
      told_.memory = std::move(costs.memory);
    } catch (const Error& error) {
      told_.notes.push_back(std::string("operations and memory are not known: ") + error.what());
      return error;
    }
    return std::nullopt;
  }

  const Recipe& recipe_;
  const Recipe rehearsed_;
  const Registry& registry_;
  HostServices& services_;
  Explanation told_;
};

}  // namespace

Explained explain(const Recipe& recipe, const Document& document, const fs::path& file,
                  const Registry& registry, HostServices& services) {
  Explainer explainer(recipe, registry, services);
  explainer.describe_recipe(document, file);
  std::optional<Error> failure;
  try {
    failure = explainer.describe_parts();
  } catch (const Error& error) {
    explainer.note_failure(error);
    failure = error;
  }
  return {explainer.take(), std::move(failure)};
}

}  // namespace knack::host
