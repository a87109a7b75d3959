// SPDX-License-Identifier: MIT
// A fit that has what a test puts into it and nothing else.
#pragma once

#include <stdexcept>

#include "host/services/fit_services.hpp"

namespace knack::testing {

class FakeFit : public host::FitServices {
 public:
  std::vector<host::ModelTensor> params;
  std::vector<host::NormLayer> layers;
  int passes = 0;

  const std::vector<host::ModelTensor>& parameters() override {
    return params;
  }
  void set_param_option(const std::string&, std::size_t, std::string_view, double,
                        std::string_view) override {}
  std::size_t group_count() override {
    return 1;
  }
  double group_option(std::size_t, std::string_view) override {
    return 0.5;
  }
  void set_group_option(std::size_t, std::string_view, double) override {}
  host::WeightStore& weights() override {
    throw std::runtime_error("there are no weights");
  }
  std::string instance_file(const std::string&, std::string_view) override {
    throw std::runtime_error("there is no folder");
  }
  host::Value evaluate(const std::string&, host::WeightSet&) override {
    return {};
  }
  std::int64_t train_samples() override {
    throw std::runtime_error("there is no data");
  }
  std::int64_t pass_over_data(std::int64_t samples, const BatchCallback& on_batch) override {
    ++passes;
    on_batch(host::Value(1), host::Value(2), samples);
    return samples;
  }
  const std::vector<host::NormLayer>& norm_layers() override {
    return layers;
  }
  void set_norm_momentum(std::size_t layer, double momentum) override {
    layers[layer].momentum = momentum;
  }
  std::int64_t observe_norm_inputs(std::int64_t samples, const InputCallback& on_input) override {
    ++passes;
    on_input(0, *layers[0].running_mean);
    return samples;
  }
  void report_metric(const std::string&, std::string_view, double) override {}
  void summarize(const std::string&, std::string_view, host::Value) override {}
};

}  // namespace knack::testing
