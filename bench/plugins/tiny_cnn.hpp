// SPDX-License-Identifier: MIT
// A network so small that calling its operators costs more than what they compute.
#pragma once

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

namespace knack::bench {

/// Images (N, 1, H, W) to logits (N, 10).
class TinyCnn final : public torch::nn::Module {
 public:
  TinyCnn() {
    register_module("conv1", conv1_);
    register_module("bn1", bn1_);
    register_module("conv2", conv2_);
    register_module("bn2", bn2_);
    register_module("fc", fc_);
  }

  at::Tensor forward(const at::Tensor& images) {
    const at::Tensor hidden = bn1_(conv1_(images)).relu_();
    const at::Tensor features = bn2_(conv2_(hidden)).relu_();
    return fc_(at::adaptive_avg_pool2d(features, {1, 1}).flatten(1));
  }

 private:
  torch::nn::Conv2d conv1_{torch::nn::Conv2dOptions(1, 16, 3).padding(1).bias(false)};
  torch::nn::BatchNorm2d bn1_{16};
  torch::nn::Conv2d conv2_{torch::nn::Conv2dOptions(16, 32, 3).stride(2).padding(1).bias(false)};
  torch::nn::BatchNorm2d bn2_{32};
  torch::nn::Linear fc_{32, 10};
};

}  // namespace knack::bench
