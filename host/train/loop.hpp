// SPDX-License-Identifier: MIT
// The training loop: one batch, one step, one epoch. This is the file to read first.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "host/data/loader.hpp"
#include "host/plugin/kinds/model.hpp"
#include "host/plugin/kinds/objective.hpp"
#include "host/plugin/kinds/optimizer.hpp"
#include "host/recipe/recipe.hpp"
#include "host/train/hooks.hpp"
#include "host/train/non_finite.hpp"
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

inline constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

/// Where a loop stands between two windows: what it needs to go on bit for bit.
struct LoopState {
  Counters counters;
  bool in_epoch = false;                ///< an epoch has begun and is not done
  std::int64_t batches_done = 0;        ///< micro-batches of the epoch that were fetched
  std::int64_t steps_before_epoch = 0;  ///< steps made when it began
  double loss_sum = 0.0;                ///< of the epoch, weighted as the objective weights it
  double loss_weight = 0.0;
  std::int64_t skipped_in_epoch = 0;  ///< steps that were not made for their numbers
  std::int64_t skipped_in_row = 0;    ///< the same since the last step that was made
  std::uint32_t reply = 0;            ///< KNACK_REPLY_* of the tricks after the last window
  double window_loss = kNoNumber;     ///< mean of the last window with finite numbers
  double gradient_norm = kNoNumber;   ///< L2, of the last window as before_step found it; NaN
                                      ///< unless that is a window to be recorded
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
  std::function<void(const std::string&)> warn = {};   ///< shows a line to the user
};

/// Runs epochs. It knows the order of things inside a step and nothing else.
class Loop {
 public:
  Loop(LoopParts parts, const TrainerOptions& options);

  enum class Outcome {
    epoch_done,
    stop_fit,     ///< a trick asked for it
    interrupted,  ///< `on_step` asked for it; the epoch stays open
  };

  /// One pass over the training data, or what is left of it when an epoch is open. `on_step` is
  /// called after each window, whether its step was made or not, and returns false to stop there.
  /// Throws Error when a loss or gradient is not finite and `non_finite` says so.
  Outcome run_epoch(const std::function<bool()>& on_step);

  /// Between windows: in `on_step` and outside run_epoch().
  const LoopState& state() const {
    return state_;
  }

  /// Goes on where the loop stood that `state` is of; how many epochs there are is this loop's.
  /// Outside run_epoch().
  void restore(const LoopState& state);

  const Counters& counters() const {
    return state_.counters;
  }

  /// The mean training loss of the epoch so far, weighted as the objective weights it; NaN before
  /// its first window.
  double mean_loss() const;

  /// A context for a hook outside a step.
  knack_hook_context_t context() const {
    return context(state_.counters, options_);
  }

  /// What every hook is told. The strings are those of `options`.
  static knack_hook_context_t context(const Counters& counters, const TrainerOptions& options);

 private:
  void open_epoch();
  bool fetch_window();
  void show_window_to_tricks();
  bool run_micro_batch(std::size_t position);
  std::uint32_t finish_window(bool has_gradient);
  void note_numbers(const WindowNumbers& numbers);
  bool judge_numbers(const WindowNumbers& numbers);
  bool is_window_recorded() const;
  void refuse_step(const WindowNumbers& numbers);
  void rescale_gradients(double factor);
  void collect_gradients();
  void clear_gradients();
  knack_hook_context_t window_context(const Counters& counters, std::size_t position) const;

  LoopParts parts_;
  const TrainerOptions& options_;
  LoopState state_;

  std::vector<MicroBatch> window_;
  double window_weight_ = 0.0;   // of all micro-batches of the window
  double dropped_weight_ = 0.0;  // of those that were skipped after the first backward
  std::vector<std::vector<at::Tensor>> gradients_;  // [group][i], undefined without a gradient
  std::vector<RandomStreamMark> marks_;             // before each forward of the window
  const bool skips_steps_;
  TensorKeeper buffers_;  // as before the window, when steps are skipped for their numbers
};

}  // namespace knack::host
