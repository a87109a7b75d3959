// SPDX-License-Identifier: MIT
// Evaluates weight sets.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "host/common/error.hpp"
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

/// Told of each batch of an evaluation and what the model made of it, on the model's device.
using OnBatch = std::function<void(const Batch& batch, const Value& outputs)>;

/// Means over all data of `loader` with the model's present weights and mode: no hooks, no
/// gradient.
Metrics measure(Model& model, Objective& objective, Loader& loader, const Placement& placement,
                const OnBatch& on_batch = {});

/// True when `candidate` is better than `incumbent`; NaN is never better, anything beats NaN.
bool is_better(double candidate, double incumbent, bool higher_is_better);

/// The error of a monitor that is not among `metrics`.
Error unknown_monitor(const std::string& monitor, const Metrics& metrics);

/// Who takes part in an evaluation besides the tricks.
struct EvaluationOptions {
  OnBatch on_batch = {};  ///< what it throws leaves the evaluation, without `eval_end`
  std::function<void()> while_active = {};  ///< called when all is measured, with the set active
  std::string_view asker = {};              ///< the trick that asked, which has no `eval_end`
};

/// Evaluates sets on `valid`, one at a time, with the tricks' hooks around.
class Evaluator {
 public:
  Evaluator(FitParts& parts, Hooks& hooks, const TrainerOptions& options);

  /// Measures the first batch of `valid` with the live weights, without hooks: so a metric that
  /// `trainer.monitor` misses, or data that does not fit the model, is found before training and
  /// not an epoch later. Throws Error.
  void try_out();

  /// Activates `set` with the model in evaluation mode, lets the tricks act in `eval_begin`, which
  /// may re-estimate its BatchNorm statistics, measures, tells them in `eval_end` what came out,
  /// and puts set, buffers and mode back as they were. Throws Error when called from within itself.
  Metrics evaluate(WeightSet& set, const knack_hook_context_t& context,
                   const EvaluationOptions& options = {});

 private:
  void tell(const Metrics& metrics, knack_hook_context_t context, std::string_view asker);

  FitParts& parts_;
  Hooks& hooks_;
  const TrainerOptions& options_;
  bool busy_ = false;
};

}  // namespace knack::host
