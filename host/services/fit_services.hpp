// SPDX-License-Identifier: MIT
// What a run offers to its plugins, behind the extension tables of this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/kinds/model_parts.hpp"
#include "host/plugin/value.hpp"
#include "host/weights/weight_set.hpp"

namespace knack::host {

/// The abilities behind knack.params/1, knack.weights/1, knack.data/1, knack.norm/1 and
/// knack.metrics/1. Implemented by the run; every function may throw Error. `instance` is the name
/// of the plugin instance that asks. Fit thread only.
class FitServices {
 public:
  virtual ~FitServices() = default;

  /// The trainable and frozen parameters: entries of the weight store that are no buffers.
  virtual const std::vector<ModelTensor>& parameters() = 0;
  virtual void set_param_option(const std::string& instance, std::size_t parameter,
                                std::string_view option, double value, std::string_view reason) = 0;
  virtual std::size_t group_count() = 0;
  virtual double group_option(std::size_t group, std::string_view option) = 0;
  virtual void set_group_option(std::size_t group, std::string_view option, double value) = 0;

  virtual WeightStore& weights() = 0;
  /// The file `path` of an instance's folder in the run folder; refuses paths that leave it.
  virtual std::string instance_file(const std::string& instance, std::string_view path) = 0;
  virtual Value evaluate(const std::string& instance, WeightSet& set) = 0;

  using BatchCallback =
      std::function<void(const Value& inputs, const Value& targets, std::int64_t samples)>;
  virtual std::int64_t train_samples() = 0;
  virtual std::int64_t pass_over_data(std::int64_t samples, const BatchCallback& on_batch) = 0;

  using InputCallback = std::function<void(std::int64_t layer, at::Tensor& input)>;
  /// The model's normalization layers. Names and kinds stay where they are until the fit ends;
  /// `training` is a layer's mode during training, `momentum` its momentum now.
  virtual const std::vector<NormLayer>& norm_layers() = 0;
  virtual void set_norm_momentum(std::size_t layer, double momentum) = 0;
  virtual std::int64_t observe_norm_inputs(std::int64_t samples, const InputCallback& on_input) = 0;

  virtual void report_metric(const std::string& instance, std::string_view name, double value) = 0;
  virtual void summarize(const std::string& instance, std::string_view key, Value value) = 0;
};

}  // namespace knack::host
