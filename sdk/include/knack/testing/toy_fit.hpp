// SPDX-License-Identifier: MIT
// A whole fit for the tests of a trick: every hook in legal order, on a model of a few numbers.
// Included by fake_host.hpp.
#pragma once

#include <knack/testing/toy_hooks.hpp>
#include <knack/testing/toy_optimizer.hpp>

namespace knack::testing {

/// The last batch of an epoch is shorter with the numbers given here.
struct ToyPlan {
  std::int64_t epochs = 10;
  std::int64_t samples = 22;  ///< of training
  std::int64_t batch_size = 4;
  std::int64_t valid_samples = 9;
  double lr = 0.05;
  double momentum = 0.9;
  double weight_decay = 0.01;
  std::uint64_t seed = 1;
};

/// What a trick saved.
struct ToyState {
  std::uint32_t version = 0;
  OwnedValue state;  // none: the trick has no state

  /// An entry of the saved map.
  [[nodiscard]] ValueView operator[](std::string_view name) const {
    return state[name];
  }
  [[nodiscard]] std::string text() const {
    return value_text(state.view());
  }
};

/// A process that can be gone on with in another one.
struct ToyCheckpoint {
  ToyState trick;
  std::map<std::string, std::map<std::string, FakeTensor>> sets;
  std::vector<std::string> set_names;  // in the order of publication
  std::map<std::string, FakeFile> files;
  std::map<std::string, std::vector<double>> momentum_buffers;
  std::vector<ToyOptimizer::Options> group_options;
  std::vector<double> norm_momenta;
  std::uint64_t random_state = 0;
  knack_hook_context_t counters{};
  bool in_epoch = false;
  bool is_stopped = false;
  std::int64_t batches_done = 0;
  std::int64_t steps_before_epoch = 0;
};

/// Trains a toy model (FakeHost's params, buffers and norm_layers, in front of those that a test
/// added, which have no gradient) with one trick, as the loop of a real host does it. There is no
/// autograd: an output that a trick replaces is differentiated as if it were the model's own, and a
/// loss that it replaces is told to it and the objective's gradient is used.
///
/// A FakeHost takes one fit. Functions throw HookFailure when a hook fails.
class ToyFit final : private FakeRun {
 public:
  ToyFit(FakeHost& host, knack_trick_t& trick, const ToyPlan& plan = {});
  ToyFit(const ToyFit&) = delete;
  ToyFit& operator=(const ToyFit&) = delete;
  ~ToyFit() override {
    host_.set_run(nullptr);
  }

  /// Calls fit_begin, unless that is done.
  void begin();
  /// Goes on for `steps` optimizer steps, dropped ones too. After the last batch of an epoch all
  /// weight sets are evaluated and the epoch ends. Stops at the end of the plan; returns the number
  /// of steps.
  std::int64_t run(std::int64_t steps);
  /// Goes on to the end of the plan, then `finish`.
  void run();
  /// fit_end and the final evaluations.
  void finish();

  /// The hooks that the trick has and that were called, in order.
  [[nodiscard]] const std::vector<std::string>& calls() const {
    return hooks_.calls();
  }
  /// A tensor of the weights in training.
  [[nodiscard]] std::vector<float> live(std::string_view tensor);
  /// All tensors of a weight set, by name. Throws std::runtime_error when it was not published.
  [[nodiscard]] std::map<std::string, std::vector<float>> set(std::string_view name);
  /// The metrics ("loss", "top1") that a set had when it was last evaluated.
  [[nodiscard]] const std::map<std::string, double>& metrics(const std::string& set_name) const;
  /// Counters and plan, as a hook would be told them now.
  [[nodiscard]] const knack_hook_context_t& counters() const {
    return counters_;
  }
  /// Whether a trick stopped the fit or the plan is at its end.
  [[nodiscard]] bool is_over() const {
    return is_stopped_ || (!in_epoch_ && counters_.epoch == plan_.epochs);
  }
  [[nodiscard]] ToyOptimizer& optimizer() {
    return optimizer_;
  }

  /// What the trick saves now.
  [[nodiscard]] ToyState state();
  /// Hands the trick a saved state; throws HookFailure when it refuses it.
  void load(const ToyState& saved);
  /// The whole process, to go on with in another host: `other.resume(fit.save())`, before any hook
  /// of the other one.
  [[nodiscard]] ToyCheckpoint save();
  void resume(const ToyCheckpoint& checkpoint);

 private:
  using Mode = ToyModel::Mode;

  // FakeRun
  OwnedValue evaluate(FakeWeightSet& set) override;
  std::int64_t train_samples() const override {
    return data_.size();
  }
  std::int64_t pass(std::int64_t samples, const BatchCallback& on_batch) override;
  std::int64_t observe(std::int64_t samples, const InputCallback& on_input) override;
  knack_tensor_t* gradient(std::size_t param) override;
  std::size_t group_count() const override {
    return optimizer_.groups().size();
  }
  double& group_option(std::size_t group, std::string_view option) override;
  bool takes_options() const override {
    return !has_begun_;
  }

  void open_epoch();
  void close_epoch();
  void run_window();
  void fetch_window();
  bool run_micro_batch(std::size_t position);
  void add_gradients(const ToyModel::Activations& activations, const std::vector<double>& slopes,
                     double share);
  void finish_window(bool has_gradient);
  knack_hook_context_t at(std::size_t position) const;
  void evaluate_all(bool is_final);
  std::map<std::string, double> evaluate_set(FakeWeightSet& set, bool is_final, bool is_trial);
  std::map<std::string, double> measure();

  FakeHost& host_;
  knack_trick_t& trick_;
  ToyPlan plan_;
  ToyHooks hooks_;
  ToyModel model_;
  ToyOptimizer optimizer_;
  ToyData data_;
  ToyData valid_;

  knack_hook_context_t counters_ = hook_context();
  bool has_begun_ = false;
  bool in_epoch_ = false;
  bool is_stopped_ = false;
  bool is_evaluating_ = false;
  std::int64_t batches_done_ = 0;
  std::int64_t steps_before_epoch_ = 0;
  std::uint32_t reply_ = KNACK_REPLY_CONTINUE;
  std::vector<ToyMicroBatch> window_;
  double window_weight_ = 0;
  double dropped_weight_ = 0;
  std::map<std::string, LentTensor> gradients_;
  std::map<std::string, std::map<std::string, double>> metrics_;
};

}  // namespace knack::testing

#include <knack/testing/toy_checkpoint.hpp>
#include <knack/testing/toy_evaluation.hpp>
#include <knack/testing/toy_loop.hpp>
