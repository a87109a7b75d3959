// SPDX-License-Identifier: MIT
// A network with each kind of BatchNorm, one of them used twice in a forward pass, and dropout.
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>
#include <knack/torch/model.hpp>

namespace {

struct Options {
  bool reuse = false;
  double dropout = 0;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("reuse", &Options::reuse, "The layer `norm` is used a second time");
    spec.add("dropout", &Options::dropout, "Share of activations dropped in training");
  }
};

/// Images (N, 1, 8, 8) to logits (N, 10).
class NormZoo final : public torch::nn::Module {
 public:
  explicit NormZoo(const Options& options)
      : reuse_(options.reuse), dropout_(torch::nn::DropoutOptions(options.dropout)) {
    register_module("conv", conv_);
    register_module("norm", norm_);
    register_module("mix", mix_);
    register_module("dropout", dropout_);
    register_module("norm3d", norm3d_);
    register_module("norm1d", norm1d_);
    register_module("hidden", hidden_);
    register_module("norm_last", norm_last_);
    register_module("fc", fc_);
  }

  at::Tensor forward(const at::Tensor& images) {
    at::Tensor x = dropout_(norm_(conv_(images)).relu());
    x = mix_(x);
    if (reuse_) x = norm_(x);
    x = norm3d_(x.reshape({-1, 2, 2, 8, 8})).reshape({-1, 4, 64});
    x = hidden_(norm1d_(x).flatten(1)).relu();
    return fc_(norm_last_(dropout_(x)));
  }

 private:
  bool reuse_;
  torch::nn::Conv2d conv_{torch::nn::Conv2dOptions(1, 4, 3).padding(1)};
  torch::nn::BatchNorm2d norm_{4};
  torch::nn::Conv2d mix_{torch::nn::Conv2dOptions(4, 4, 1)};
  torch::nn::Dropout dropout_;
  torch::nn::BatchNorm3d norm3d_{2};
  torch::nn::BatchNorm1d norm1d_{4};
  torch::nn::Linear hidden_{256, 16};
  torch::nn::BatchNorm1d norm_last_{16};
  torch::nn::Linear fc_{16, 10};
};

class NormZooModel final : public knack::TorchModel<NormZoo> {
 public:
  static constexpr knack::Info info{.id = "norm_zoo", .summary = "A fixture."};
  using Options = ::Options;

  explicit NormZooModel(const Options& options) : TorchModel(options) {}
};

}  // namespace

KNACK_PLUGIN("1.0.0", NormZooModel)
