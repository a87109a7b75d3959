// SPDX-License-Identifier: MIT
// Everything a recipe names, made, placed and connected.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/data/dataset_source.hpp"
#include "host/data/loader.hpp"
#include "host/plugin/instance_context.hpp"
#include "host/plugin/kinds/dataset.hpp"
#include "host/plugin/kinds/model.hpp"
#include "host/plugin/kinds/objective.hpp"
#include "host/plugin/kinds/optimizer.hpp"
#include "host/plugin/kinds/trick.hpp"
#include "host/plugin/registry.hpp"
#include "host/recipe/recipe.hpp"
#include "host/train/placement.hpp"
#include "host/weights/weight_set.hpp"

namespace knack::host {

/// A dataset and the loader that cuts it into batches.
struct DataPart {
  std::unique_ptr<Dataset> dataset;
  std::unique_ptr<DatasetSource> source;
  std::unique_ptr<Loader> loader;
};

/// The recipe's options must be validated and complete.
class FitParts {
 public:
  /// Throws Error with the errors of all parts that cannot be made.
  FitParts(const Recipe& recipe, const Registry& registry, const HostServices& services);

  /// Another loader over the training data: the first `samples` of the first epoch's order, all
  /// when
  /// <= 0, whatever the recipe says about the last batch.
  std::unique_ptr<Loader> make_pass(std::int64_t samples) const;

  /// A loader of the first batch of `valid`.
  std::unique_ptr<Loader> make_trial() const;

  /// While the lock lives, no loader enters `instance`, should that be one of the datasets.
  std::unique_lock<std::mutex> pause_reading(const Instance& instance) const;

  /// One line for people: model, parameters, data, `device` or else that of the parts, precision,
  /// threads.
  std::string description(const std::string& device = {}) const;

 private:
  class Attempts;

  template <class Kind>
  std::unique_ptr<Kind> make(const Section& section, const std::string& name) const;
  void make_model();
  DataPart make_data(const DataSection& section, const std::string& name) const;
  std::unique_ptr<Loader> make_loader(const DataPart& part, const LoaderOptions& options,
                                      std::int64_t limit) const;
  void load_initial_weights();
  std::vector<std::size_t> order_of_tricks() const;
  void make_tricks(Attempts& attempts);
  void set_threads();

  const Recipe& recipe_;
  const Registry& registry_;
  const HostServices& services_;

 public:
  Placement placement;
  std::unique_ptr<Model> model;
  std::unique_ptr<WeightStore> weights;
  std::vector<ModelTensor> parameters;  ///< those of the weights' tensors that are no buffers
  std::vector<NormLayer> norm_layers;   ///< with their modes in training
  DataPart train;
  DataPart valid;
  std::optional<DataPart> test;
  std::unique_ptr<Objective> objective;
  std::unique_ptr<Optimizer> optimizer;
  std::vector<Trick> tricks;  ///< in acting order
  int threads = 1;            ///< within one operator: the recipe's, or those that suit the model
};

}  // namespace knack::host
