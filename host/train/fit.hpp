// SPDX-License-Identifier: MIT
// One run of a recipe: its parts, the services its plugins use, and its course.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/data/dataset_source.hpp"
#include "host/data/loader.hpp"
#include "host/plugin/instance_context.hpp"
#include "host/plugin/registry.hpp"
#include "host/recipe/recipe.hpp"
#include "host/report/run_folder.hpp"
#include "host/services/fit_services.hpp"
#include "host/train/evaluation.hpp"
#include "host/train/hooks.hpp"
#include "host/train/loop.hpp"
#include "host/train/param_options.hpp"
#include "host/train/placement.hpp"
#include "host/ui/console.hpp"
#include "host/weights/weight_set.hpp"

namespace knack::host {

/// A dataset and the loader that cuts it into batches.
struct DataPart {
  std::unique_ptr<Dataset> dataset;
  std::unique_ptr<DatasetSource> source;
  std::unique_ptr<Loader> loader;
};

/// Everything a recipe names, made and connected. Also what `eval` and `explain` work with.
///
/// The constructor makes all instances; `begin` lets the tricks prepare and makes the optimizer's
/// groups. The recipe's options must be validated and complete.
class Fit final : public FitServices {
 public:
  /// Becomes the fit of `services`. `folder` may be null (explain): then plugins cannot write files.
  Fit(const Recipe& recipe, Registry& registry, HostServices& services, Console& console,
      const RunFolder* folder);
  ~Fit() override;

  /// `fit_begin`, then param groups and optimizer.
  void begin();

  /// One line for people: model, parameters, data, device, threads.
  std::string description() const;

  Model& model() {
    return *model_;
  }
  Objective& objective() {
    return *objective_;
  }
  Hooks& hooks() {
    return *hooks_;
  }
  const Placement& placement() const {
    return placement_;
  }
  DataPart& train_data() {
    return *train_;
  }
  DataPart& valid_data() {
    return *valid_;
  }
  DataPart* test_data() {
    return test_ ? &*test_ : nullptr;
  }
  const std::vector<OptionGroup>& groups() const {
    return groups_;
  }
  const ParamOptions& param_options() const {
    return *param_options_;
  }
  /// Threads within one operator: the recipe's, or those chosen for the workload.
  int threads() const {
    return threads_;
  }
  /// Only after `begin`.
  Loop& loop() {
    return *loop_;
  }

  /// Evaluates a set on `valid`, with the tricks' hooks. `while_active` is called with the metrics
  /// while the set and the statistics that were evaluated are still in place. Only after `begin`.
  Metrics evaluate_set(WeightSet& set, const std::function<void(const Metrics&)>& while_active);

  /// Numbers that tricks reported since the last call, by "<instance>.<name>".
  Metrics take_reported();
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
  std::size_t norm_layer_count() override;
  NormLayer norm_layer(std::size_t layer) override;
  void set_norm_momentum(std::size_t layer, double momentum) override;
  std::int64_t observe_norm_inputs(std::int64_t samples, const InputCallback& on_input) override;
  void report_metric(const std::string& instance, std::string_view name, double value) override;
  void summarize(const std::string& instance, std::string_view key, Value value) override;

 private:
  template <class Kind>
  std::unique_ptr<Kind> make(const Section& section, const std::string& name);
  DataPart make_data(const DataSection& section, const std::string& name);
  /// An epoch of the loader is `limit` samples, all when <= 0.
  std::unique_ptr<Loader> make_loader(const DataPart& part, const DataSection& section,
                                      std::int64_t limit = 0) const;
  void make_model();
  void make_tricks();
  int choose_threads();
  void make_optimizer_groups();

  const Recipe& recipe_;
  Registry& registry_;
  HostServices& services_;
  Console& console_;
  const RunFolder* folder_;
  int threads_ = 1;
  Placement placement_;

  std::optional<DataPart> train_;
  std::optional<DataPart> valid_;
  std::optional<DataPart> test_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<WeightStore> weights_;
  std::vector<ModelTensor> parameters_;
  std::unique_ptr<Objective> objective_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Hooks> hooks_;

  std::unique_ptr<ParamOptions> param_options_;
  std::vector<OptionGroup> groups_;
  std::vector<std::vector<at::Tensor>> group_params_;
  std::unique_ptr<Loop> loop_;
  bool evaluating_ = false;
  Metrics reported_;
  std::map<std::string, nlohmann::ordered_json> facts_;
};

}  // namespace knack::host
