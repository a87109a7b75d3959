// SPDX-License-Identifier: MIT
// One run of a recipe: its parts at work, and what they may ask of it.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/plugin/instance_context.hpp"
#include "host/recipe/recipe.hpp"
#include "host/report/run_folder.hpp"
#include "host/services/fit_services.hpp"
#include "host/train/evaluation.hpp"
#include "host/train/fit_parts.hpp"
#include "host/train/hooks.hpp"
#include "host/train/loop.hpp"
#include "host/train/param_options.hpp"

namespace knack::host {

/// The parts of a recipe with the services its plugins use.
///
/// The constructor makes all instances; `begin` lets the tricks prepare and makes the optimizer's
/// groups and the loop. While it lives it is the fit of `services`.
class Fit final : public FitServices {
 public:
  /// `folder` may be null (explain, eval): then plugins cannot write files.
  Fit(const Recipe& recipe, const Registry& registry, HostServices& services,
      const RunFolder* folder);
  ~Fit() override;

  /// `fit_begin`, then param groups, optimizer and loop.
  void begin();

  /// The second half of `begin`, for whoever has called the tricks' `fit_begin` one by one.
  void make_loop();

  FitParts& parts() {
    return parts_;
  }
  const FitParts& parts() const {
    return parts_;
  }
  Hooks& hooks() {
    return hooks_;
  }
  Evaluator& evaluator() {
    return evaluator_;
  }
  const std::vector<OptionGroup>& groups() const {
    return groups_;
  }
  const ParamOptions& param_options() const {
    return param_options_;
  }
  /// Only after `begin`.
  Loop& loop() {
    return *loop_;
  }

  /// Every plugin instance: what the recipe names, in the order of recipes.
  std::vector<const Instance*> instances() const;

  /// What tricks said about the run so far, for checkpoints; and back.
  Value save_notes() const;
  void load_notes(const Value& saved);

  /// A context for a hook outside a step.
  knack_hook_context_t context() const;

  /// The first group's, when the optimizer has such an option.
  std::optional<double> learning_rate() const;

  /// Numbers that tricks reported since the last call, by "<instance>.<name>".
  Metrics take_reported();

  /// Seconds spent in the hooks of each trick since the last call, by "<instance>.seconds".
  Metrics take_hook_seconds();

  /// Facts that tricks gave about the run, by instance.
  const std::map<std::string, nlohmann::ordered_json>& facts() const {
    return facts_;
  }

  // FitServices
  const std::vector<ModelTensor>& parameters() override;
  void set_param_option(const std::string& instance, std::size_t parameter, std::string_view option,
                        double value, std::string_view reason) override;
  std::size_t group_count() override;
  double group_option(std::size_t group, std::string_view option) override;
  void set_group_option(std::size_t group, std::string_view option, double value) override;
  WeightStore& weights() override;
  std::string instance_file(const std::string& instance, std::string_view path) override;
  Value evaluate(const std::string& instance, WeightSet& set) override;
  std::int64_t train_samples() override;
  std::int64_t pass_over_data(std::int64_t samples, const BatchCallback& on_batch) override;
  const std::vector<NormLayer>& norm_layers() override;
  void set_norm_momentum(std::size_t layer, double momentum) override;
  std::int64_t observe_norm_inputs(std::int64_t samples, const InputCallback& on_input) override;
  void report_metric(const std::string& instance, std::string_view name, double value) override;
  void summarize(const std::string& instance, std::string_view key, Value value) override;

 private:
  void make_groups();

  const Recipe& recipe_;
  HostServices& services_;
  const RunFolder* folder_;
  FitParts parts_;
  Hooks hooks_;
  Evaluator evaluator_;
  ParamOptions param_options_;
  std::vector<OptionGroup> groups_;
  std::vector<std::vector<at::Tensor>> group_params_;
  std::unique_ptr<Loop> loop_;
  Metrics reported_;
  std::map<std::string, double> taken_seconds_;  // of Hooks::seconds(), by instance
  std::map<std::string, nlohmann::ordered_json> facts_;
};

}  // namespace knack::host
