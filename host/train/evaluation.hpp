// SPDX-License-Identifier: MIT
// Evaluates weight sets.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "host/data/loader.hpp"
#include "host/plugin/kinds/model.hpp"
#include "host/plugin/kinds/objective.hpp"
#include "host/recipe/recipe.hpp"
#include "host/train/fit_parts.hpp"
#include "host/train/hooks.hpp"
#include "host/train/placement.hpp"
#include "host/weights/weight_set.hpp"

namespace knack::host {

/// Metric names and values of one evaluation, "loss" among them.
using Metrics = std::map<std::string, double>;

/// Means over all data of `loader` with the model's present weights and mode: no hooks, no
/// gradient.
Metrics measure(Model& model, Objective& objective, Loader& loader, const Placement& placement);

/// True when `candidate` is better than `incumbent`; NaN is never better, anything beats NaN.
bool is_better(double candidate, double incumbent, bool higher_is_better);

/// Evaluates sets on `valid`, one at a time, with the tricks' hooks around.
class Evaluator {
 public:
  Evaluator(FitParts& parts, Hooks& hooks, const TrainerOptions& options);

  /// Measures the first batch of `valid` with the live weights, without hooks: so a metric that
  /// `trainer.monitor` misses, or data that does not fit the model, is found before training and
  /// not an epoch later. Throws Error.
  void try_out();

  /// Activates `set` with the model in evaluation mode, lets the tricks act in `eval_begin`, which
  /// may re-estimate its BatchNorm statistics, measures, and tells them in `eval_end` what came
  /// out. `while_active` is called before set, buffers and mode are put back as they were. The
  /// trick `asker` has no `eval_end`: it asked. Throws Error when called from within itself.
  Metrics evaluate(
      WeightSet& set, const knack_hook_context_t& context,
      const std::function<void()>& while_active = [] {}, std::string_view asker = {});

 private:
  void tell(const Metrics& metrics, knack_hook_context_t context, std::string_view asker);

  FitParts& parts_;
  Hooks& hooks_;
  const TrainerOptions& options_;
  bool busy_ = false;
};

}  // namespace knack::host
