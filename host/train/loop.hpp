// SPDX-License-Identifier: MIT
// The training loop: one batch, one step, one epoch. This is the file to read first.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "host/data/loader.hpp"
#include "host/plugin/kinds/model.hpp"
#include "host/plugin/kinds/objective.hpp"
#include "host/plugin/kinds/optimizer.hpp"
#include "host/recipe/recipe.hpp"
#include "host/train/hooks.hpp"
#include "host/train/placement.hpp"

namespace knack::host {

/// What has happened so far. The same words everywhere: hooks, metrics, progress, checkpoints.
struct Counters {
  std::int64_t epoch = 0;         ///< in progress, from 1
  std::int64_t total_epochs = 0;  ///< planned
  std::int64_t step = 0;          ///< optimizer steps that changed the weights
  std::int64_t total_steps = 0;   ///< planned with the present window
  std::int64_t micro_batch = 0;   ///< training micro-batches consumed
  std::int64_t samples_seen = 0;  ///< training samples consumed
};

/// The mean training loss since it was last reset, weighted as the objective weights it. Kept on
/// the device: reading it is what costs a synchronization.
class RunningLoss {
 public:
  void add(const at::Tensor& loss, double weight);
  double mean() const;
  void reset();

 private:
  at::Tensor sum_;
  double weight_ = 0.0;
};

/// What the loop works with; all owned by the fit.
struct LoopParts {
  Model& model;
  Objective& objective;
  Optimizer& optimizer;
  Loader& train_loader;
  Hooks& hooks;
  const Placement& placement;
  std::vector<std::vector<at::Tensor>>& group_params;  ///< the model's parameters, by group
};

/// Runs epochs. It knows the order of things inside a step and nothing else.
class Loop {
 public:
  Loop(LoopParts parts, const TrainerOptions& options);

  enum class Outcome { epoch_done, stop_fit };

  /// One pass over the training data. `on_step` is called after each optimizer step.
  Outcome run_epoch(const std::function<void()>& on_step);

  const Counters& counters() const {
    return counters_;
  }
  RunningLoss& running_loss() {
    return running_loss_;
  }

  /// A context for a hook outside a step.
  knack_hook_context_t context() const {
    return context(counters_, options_);
  }

  /// What every hook is told. The strings are those of `options`.
  static knack_hook_context_t context(const Counters& counters, const TrainerOptions& options);

 private:
  bool fetch_window();
  void show_window_to_tricks();
  bool run_micro_batch(std::size_t position);
  std::uint32_t finish_window(bool has_gradient);
  void rescale_gradients(double factor);
  void collect_gradients();
  void clear_gradients();
  knack_hook_context_t window_context(const Counters& counters, std::size_t position) const;

  LoopParts parts_;
  const TrainerOptions& options_;
  Counters counters_;
  RunningLoss running_loss_;

  std::vector<MicroBatch> window_;
  double window_weight_ = 0.0;   // of all micro-batches of the window
  double dropped_weight_ = 0.0;  // of those that were skipped after the first backward
  std::int64_t steps_before_epoch_ = 0;
  std::vector<std::vector<at::Tensor>> gradients_;  // [group][i], undefined without a gradient
};

}  // namespace knack::host
