// SPDX-License-Identifier: MIT
// Multilayer perceptrons, numbered as torchvision.ops.MLP numbers its layers.
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>
#include <knack/torch/model.hpp>

#include <cstdint>
#include <vector>

namespace {

struct MlpOptions {
  std::int64_t in_features = 784;
  std::vector<std::int64_t> hidden = {256};
  std::int64_t num_classes = 10;
  double dropout = 0.0;
  bool batch_norm = false;

  static void describe(knack::OptionSpec<MlpOptions>& spec) {
    spec.add("in_features", &MlpOptions::in_features, "Elements of a sample").at_least(1);
    spec.add("hidden", &MlpOptions::hidden, "Widths of the hidden layers").at_least(1);
    spec.add("num_classes", &MlpOptions::num_classes, "Number of logits").at_least(1);
    spec.add("dropout", &MlpOptions::dropout, "Share of activations dropped in training")
        .in_range(0.0, 1.0);
    spec.add("batch_norm", &MlpOptions::batch_norm, "Normalize each hidden layer");
  }
};

/// Samples (N, ...) of `in_features` elements each to logits (N, num_classes). For each hidden
/// layer, `layers` holds Linear, BatchNorm1d if asked for, ReLU and Dropout; then the last Linear.
class Mlp final : public torch::nn::Module {
 public:
  explicit Mlp(const MlpOptions& options) {
    std::int64_t features = options.in_features;
    for (const std::int64_t width : options.hidden) {
      layers_->push_back(torch::nn::Linear(features, width));
      if (options.batch_norm) layers_->push_back(torch::nn::BatchNorm1d(width));
      layers_->push_back(torch::nn::ReLU());
      layers_->push_back(torch::nn::Dropout(options.dropout));
      features = width;
    }
    layers_->push_back(torch::nn::Linear(features, options.num_classes));
    register_module("layers", layers_);
  }

  at::Tensor forward(const at::Tensor& samples) {
    return layers_->forward(samples.flatten(1));
  }

 private:
  torch::nn::Sequential layers_;
};

class MlpModel final : public knack::TorchModel<Mlp> {
 public:
  static constexpr knack::Info info{.id = "mlp", .summary = "Multilayer perceptron with ReLU"};
  using Options = MlpOptions;

  explicit MlpModel(const Options& options) : TorchModel(options) {}
};

}  // namespace

KNACK_PLUGIN("1.0.0", MlpModel)
