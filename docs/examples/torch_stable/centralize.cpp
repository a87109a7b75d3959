// SPDX-License-Identifier: MIT
// Gradient centralization: each output's gradient has mean 0 (Yong et al., arXiv 2004.01461, eq. 1).
#include <torch/csrc/stable/ops.h>
#include <knack/sdk/trick.hpp>
#include <knack/torch/stable_tensor.hpp>

#include <numeric>

struct Centralize final : knack::Trick {
  static constexpr knack::Info info{.id = "acme.centralize", .summary = "Gradients of mean 0"};
  explicit Centralize(knack::Host host) : params(host.params()) {}
  void before_step(knack::Context&) override {
    for (const knack::Param& param : params) {
      knack_tensor_t* handle = params.gradient_handle(param.index);
      if (handle == nullptr) continue;
      torch::stable::Tensor gradient = knack::stable_tensor_of(handle);
      if (gradient.dim() < 2 || gradient.numel() == 0) continue;  // biases and scales stay
      std::vector<std::int64_t> dims(static_cast<std::size_t>(gradient.dim() - 1));
      std::iota(dims.begin(), dims.end(), 1);
      const auto count = static_cast<double>(gradient.numel() / gradient.size(0));
      const torch::stable::Tensor sum = torch::stable::sum(gradient, dims, true);
      torch::stable::copy_(gradient, torch::stable::subtract(gradient, sum, 1 / count));
    }
  }
  knack::Params params;
};

KNACK_PLUGIN("1.0.0", Centralize)
