// SPDX-License-Identifier: MIT
// A small network with torch::nn: two convolutions, means over a grid of 3 by 3, a linear layer.
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <knack/torch/model.hpp>

struct Options {
  std::int64_t in_channels = 3;
  std::int64_t width = 16;
  std::int64_t num_classes = 10;
  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("in_channels", &Options::in_channels, "Channels of an image").at_least(1);
    spec.add("width", &Options::width, "Channels of the first convolution").at_least(1);
    spec.add("num_classes", &Options::num_classes, "Number of logits").at_least(1);
  }
};

struct NetImpl : torch::nn::Module {
  using Conv = torch::nn::Conv2dOptions;
  explicit NetImpl(const Options& o)
      : conv1(Conv(o.in_channels, o.width, 3).padding(1)),
        bn1(o.width),
        conv2(Conv(o.width, 2 * o.width, 3).stride(2)),
        fc(18 * o.width, o.num_classes) {
    register_module("conv1", conv1);
    register_module("bn1", bn1);
    register_module("conv2", conv2);
    register_module("fc", fc);
  }
  at::Tensor forward(const at::Tensor& images) {
    const at::Tensor features = conv2(bn1(conv1(images)).relu()).relu();
    return fc(at::adaptive_avg_pool2d(features, {3, 3}).flatten(1));
  }
  torch::nn::Conv2d conv1;
  torch::nn::BatchNorm2d bn1;
  torch::nn::Conv2d conv2;
  torch::nn::Linear fc;
};

struct ConvNet final : knack::TorchModel<NetImpl> {
  static constexpr knack::Info info{.id = "acme.convnet", .summary = "Two convolutions"};
  using Options = ::Options;
  explicit ConvNet(const Options& options) : TorchModel(options) {}
};

KNACK_PLUGIN("1.0.0", ConvNet)
