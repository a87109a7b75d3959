// SPDX-License-Identifier: MIT
// Evaluates weight sets.
#pragma once

#include <map>
#include <string>

#include "host/data/loader.hpp"
#include "host/plugin/kinds/model.hpp"
#include "host/plugin/kinds/objective.hpp"
#include "host/recipe/recipe.hpp"
#include "host/train/hooks.hpp"
#include "host/train/placement.hpp"
#include "host/weights/weight_set.hpp"

namespace knack::host {

/// Metric names and values of one evaluation, "loss" among them.
using Metrics = std::map<std::string, double>;

/// Means over all data of `loader` with the model's present weights and mode: no hooks, no gradient.
Metrics measure(Model& model, Objective& objective, Loader& loader, const Placement& placement);

/// True when `candidate` is better than `incumbent`; NaN is never better, anything beats NaN.
bool is_better(double candidate, double incumbent, bool higher_is_better);

/// One weight set under evaluation: it is active, the model is in evaluation mode, and the tricks
/// have had their `eval_begin`, which may have re-estimated its BatchNorm statistics. At the end of
/// its life the set's buffers, the active set and the model's mode are as they were before.
class [[nodiscard]] EvaluationScope {
 public:
  EvaluationScope(WeightStore& store, WeightSet& set, Model& model, Hooks& hooks,
                  knack_hook_context_t context);
  ~EvaluationScope();
  EvaluationScope(const EvaluationScope&) = delete;
  EvaluationScope& operator=(const EvaluationScope&) = delete;

  /// Tells the tricks what came out.
  void finish(const Metrics& metrics, const TrainerOptions& options);

 private:
  Model& model_;
  Hooks& hooks_;
  knack_hook_context_t context_;
  BufferKeeper keeper_;
  WeightStore::Activation activation_;
};

}  // namespace knack::host
