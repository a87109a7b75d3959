// SPDX-License-Identifier: MIT
// A model with a parameter of each kind that rules of weight decay treat differently.
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/instancenorm.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/modules/rnn.h>
#include <knack/torch/model.hpp>

namespace {

/// Without a shift; LibTorch has none.
class RMSNorm final : public torch::nn::Module {
 public:
  explicit RMSNorm(std::int64_t channels) {
    register_parameter("weight", torch::ones({channels}));
  }
};

class LayerScale final : public torch::nn::Module {
 public:
  explicit LayerScale(std::int64_t channels) {
    register_parameter("gamma", torch::ones({channels, 1}));
  }
};

/// A Linear whose weight is the table of an embedding.
class TiedHead final : public torch::nn::Module {
 public:
  explicit TiedHead(const torch::nn::Embedding& embedding) {
    register_parameter("weight", embedding->weight);
    register_parameter("bias", torch::zeros({embedding->weight.size(0)}));
  }
};

class Frozen final : public torch::nn::Module {
 public:
  Frozen() {
    register_parameter("weight", torch::ones({4, 4}), /*requires_grad=*/false);
    register_parameter("bias", torch::zeros({4}), /*requires_grad=*/false);
  }
};

class DecayZoo final : public torch::nn::Module {
 public:
  DecayZoo() {
    register_parameter("cls_token", torch::zeros({1, 1, 4}));
    register_parameter("pos_embed", torch::zeros({1, 5, 4}));
    register_parameter("relative_position_bias_table", torch::zeros({9, 2}));
    register_parameter("bias", torch::zeros({2, 4}));
    register_parameter("logit_scale", torch::zeros({}));
    register_module("patch", torch::nn::Conv2d(1, 4, 4));
    register_module("bn1d", torch::nn::BatchNorm1d(4));
    register_module("bn2d", torch::nn::BatchNorm2d(4));
    register_module("bn3d", torch::nn::BatchNorm3d(4));
    register_module("layer_norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({2, 4})));
    register_module("group_norm", torch::nn::GroupNorm(2, 4));
    register_module("instance_norm",
                    torch::nn::InstanceNorm2d(torch::nn::InstanceNorm2dOptions(4).affine(true)));
    register_module("rms_norm", std::make_shared<RMSNorm>(4));
    register_module("attention", torch::nn::MultiheadAttention(4, 2));
    register_module("prelu", torch::nn::PReLU(torch::nn::PReLUOptions().num_parameters(4)));
    register_module("layer_scale", std::make_shared<LayerScale>(4));
    register_module("gru", torch::nn::GRU(4, 4));
    register_module("lstm", torch::nn::LSTM(4, 4));
    const torch::nn::Embedding embedding(10, 4);
    register_module("embedding", embedding);
    register_module("transposed", torch::nn::ConvTranspose1d(4, 4, 3));
    register_module("frozen", std::make_shared<Frozen>());
    register_module("head", std::make_shared<TiedHead>(embedding));
  }

  /// Only decides who has a gradient: all parameters, each the same for all classes.
  at::Tensor forward(const at::Tensor& images) {
    at::Tensor logits = images.flatten(1).narrow(1, 0, 10);
    for (const at::Tensor& parameter : parameters()) logits = logits + parameter.sum();
    return logits;
  }
};

class DecayZooModel final : public knack::TorchModel<DecayZoo> {
 public:
  static constexpr knack::Info info{.id = "decay_zoo", .summary = "A fixture."};
};

}  // namespace

KNACK_PLUGIN("1.0.0", DecayZooModel)
