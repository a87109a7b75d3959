// SPDX-License-Identifier: MIT
// Residual networks (He et al., arXiv:1512.03385) with the parameter names of torchvision.
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/max_pool2d.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <knack/torch/model.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace {

using torch::nn::BatchNorm2d;
using torch::nn::Conv2d;
using torch::nn::Linear;

/// What tells one residual network from another.
struct Architecture {
  knack::Info info;
  std::array<int, 4> blocks;  // a layer; 0: there is no such layer
  bool bottleneck = false;    // convolutions of 1x1, 3x3 and 1x1 in place of two of 3x3
  bool small_images = false;  // stem of 3x3 and 16 channels, no pooling (section 4.2)
};

constexpr Architecture kResNet20{
    {.id = "resnet20", .summary = "ResNet-20 for small images"}, {3, 3, 3, 0}, false, true};
constexpr Architecture kResNet32{
    {.id = "resnet32", .summary = "ResNet-32 for small images"}, {5, 5, 5, 0}, false, true};
constexpr Architecture kResNet44{
    {.id = "resnet44", .summary = "ResNet-44 for small images"}, {7, 7, 7, 0}, false, true};
constexpr Architecture kResNet56{
    {.id = "resnet56", .summary = "ResNet-56 for small images"}, {9, 9, 9, 0}, false, true};
constexpr Architecture kResNet18{{.id = "resnet18", .summary = "ResNet-18"}, {2, 2, 2, 2}};
constexpr Architecture kResNet34{{.id = "resnet34", .summary = "ResNet-34"}, {3, 4, 6, 3}};
constexpr Architecture kResNet50{{.id = "resnet50", .summary = "ResNet-50"}, {3, 4, 6, 3}, true};
constexpr Architecture kResNet101{
    {.id = "resnet101", .summary = "ResNet-101"}, {3, 4, 23, 3}, true};
constexpr Architecture kResNet152{
    {.id = "resnet152", .summary = "ResNet-152"}, {3, 8, 36, 3}, true};

template <std::int64_t default_num_classes>
struct ResNetOptions {
  std::int64_t in_channels = 3;
  std::int64_t num_classes = default_num_classes;
  bool zero_init_residual = false;

  static void describe(knack::OptionSpec<ResNetOptions>& spec) {
    spec.add("in_channels", &ResNetOptions::in_channels, "Channels of the images").at_least(1);
    spec.add("num_classes", &ResNetOptions::num_classes, "Number of logits").at_least(1);
    spec.add("zero_init_residual", &ResNetOptions::zero_init_residual,
             "Each block starts as its shortcut (arXiv:1706.02677, section 5.1)");
  }
};

Conv2d convolution(std::int64_t in_channels, std::int64_t out_channels, std::int64_t kernel,
                   std::int64_t stride) {
  return Conv2d(torch::nn::Conv2dOptions(in_channels, out_channels, kernel)
                    .stride(stride)
                    .padding(kernel / 2)
                    .bias(false));
}

/// Channels of a block's output for each of its inner channels.
constexpr std::int64_t expansion(bool bottleneck) {
  return bottleneck ? 4 : 1;
}

/// The 1x1 convolution that fits a shortcut to the output of its block. Its parts have numbers for
/// names because torchvision uses a Sequential.
class Downsample final : public torch::nn::Module {
 public:
  Downsample(std::int64_t in_channels, std::int64_t out_channels, std::int64_t stride)
      : convolution_(register_module("0", convolution(in_channels, out_channels, 1, stride))),
        norm_(register_module("1", BatchNorm2d(out_channels))) {}

  at::Tensor forward(const at::Tensor& input) {
    return norm_(convolution_(input));
  }

 private:
  Conv2d convolution_;
  BatchNorm2d norm_;
};

/// Convolutions with BatchNorm and ReLU, added to a shortcut. In a bottleneck the 3x3 convolution
/// has the stride, as in torchvision; in the paper the first 1x1 has it.
class Block final : public torch::nn::Module {
 public:
  Block(std::int64_t in_channels, std::int64_t width, std::int64_t stride, bool bottleneck) {
    const std::int64_t out_channels = width * expansion(bottleneck);
    // Made first and registered last, as in torchvision: the one gives the order of random draws,
    // the other that of names.
    if (stride != 1 || in_channels != out_channels) {
      downsample_ = std::make_shared<Downsample>(in_channels, out_channels, stride);
    }
    if (bottleneck) {
      add(in_channels, width, 1, 1);
      add(width, width, 3, stride);
      add(width, out_channels, 1, 1);
    } else {
      add(in_channels, width, 3, stride);
      add(width, width, 3, 1);
    }
    if (downsample_) register_module("downsample", downsample_);
  }

  at::Tensor forward(const at::Tensor& input) {
    at::Tensor output = input;
    for (std::size_t i = 0; i < convolutions_.size(); ++i) {
      if (i != 0) output.relu_();
      output = norms_[i](convolutions_[i](output));
    }
    return output.add_(downsample_ ? downsample_->forward(input) : input).relu_();
  }

  [[nodiscard]] const BatchNorm2d& last_norm() const {
    return norms_.back();
  }

 private:
  void add(std::int64_t in_channels, std::int64_t out_channels, std::int64_t kernel,
           std::int64_t stride) {
    const std::string number = std::to_string(convolutions_.size() + 1);
    convolutions_.push_back(
        register_module("conv" + number, convolution(in_channels, out_channels, kernel, stride)));
    norms_.push_back(register_module("bn" + number, BatchNorm2d(out_channels)));
  }

  std::vector<Conv2d> convolutions_;
  std::vector<BatchNorm2d> norms_;
  std::shared_ptr<Downsample> downsample_;  // null: the shortcut is the input itself
};

/// Images (N, in_channels, H, W) to logits (N, num_classes). Convolutions start as
/// kaiming_normal(fan_out, relu), BatchNorm as 1 and 0, `fc` as torch::nn::Linear does.
class ResNet final : public torch::nn::Module {
 public:
  ResNet(const Architecture& architecture, std::int64_t in_channels, std::int64_t num_classes,
         bool zero_init_residual)
      : max_pool_(!architecture.small_images) {
    const std::int64_t width = architecture.small_images ? 16 : 64;
    conv1_ =
        register_module("conv1", architecture.small_images ? convolution(in_channels, width, 3, 1)
                                                           : convolution(in_channels, width, 7, 2));
    bn1_ = register_module("bn1", BatchNorm2d(width));
    const std::int64_t features = add_layers(architecture, width);
    fc_ = register_module("fc", Linear(features, num_classes));
    initialize(zero_init_residual);
  }

  at::Tensor forward(const at::Tensor& images) {
    at::Tensor output = bn1_(conv1_(images)).relu_();
    if (max_pool_) output = at::max_pool2d(output, 3, 2, 1);
    for (const auto& block : blocks_) output = block->forward(output);
    return fc_(at::adaptive_avg_pool2d(output, {1, 1}).flatten(1));
  }

 private:
  /// Returns the channels of the last layer's output.
  std::int64_t add_layers(const Architecture& architecture, std::int64_t width) {
    std::int64_t channels = width;
    for (std::size_t i = 0; i < architecture.blocks.size() && architecture.blocks[i] > 0; ++i) {
      const auto layer = std::make_shared<torch::nn::ModuleListImpl>();
      for (int j = 0; j < architecture.blocks[i]; ++j) {
        const std::int64_t stride = i > 0 && j == 0 ? 2 : 1;
        blocks_.push_back(
            std::make_shared<Block>(channels, width << i, stride, architecture.bottleneck));
        layer->push_back(blocks_.back());
        channels = (width << i) * expansion(architecture.bottleneck);
      }
      register_module("layer" + std::to_string(i + 1), layer);
    }
    return channels;
  }

  void initialize(bool zero_init_residual) {
    for (const auto& module : modules(/*include_self=*/false)) {
      if (const auto* layer = module->as<torch::nn::Conv2dImpl>()) {
        torch::nn::init::kaiming_normal_(layer->weight, 0.0, torch::kFanOut, torch::kReLU);
      }
    }
    if (!zero_init_residual) return;
    for (const auto& block : blocks_) torch::nn::init::zeros_(block->last_norm()->weight);
  }

  Conv2d conv1_{nullptr};
  BatchNorm2d bn1_{nullptr};
  bool max_pool_;
  std::vector<std::shared_ptr<Block>> blocks_;  // of all layers, in forward order
  Linear fc_{nullptr};
};

template <const Architecture& architecture>
class ResNetModel final : public knack::TorchModel<ResNet> {
 public:
  static constexpr knack::Info info = architecture.info;
  using Options = ResNetOptions<architecture.small_images ? 10 : 1000>;

  explicit ResNetModel(const Options& options)
      : TorchModel(architecture, options.in_channels, options.num_classes,
                   options.zero_init_residual) {}
};

}  // namespace

KNACK_PLUGIN("1.0.0", ResNetModel<kResNet20>, ResNetModel<kResNet32>, ResNetModel<kResNet44>,
             ResNetModel<kResNet56>, ResNetModel<kResNet18>, ResNetModel<kResNet34>,
             ResNetModel<kResNet50>, ResNetModel<kResNet101>, ResNetModel<kResNet152>)
