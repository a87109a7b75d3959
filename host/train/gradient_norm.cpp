// SPDX-License-Identifier: MIT
#include "host/train/gradient_norm.hpp"

#include <ATen/ATen.h>

namespace knack::host {

double gradient_norm(const std::vector<std::vector<at::Tensor>>& group_params) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const auto& group : group_params) {
    for (const at::Tensor& parameter : group) {
      const at::Tensor& gradient = parameter.grad();
      if (!gradient.defined()) continue;
      const at::Tensor values = gradient.is_sparse() ? gradient.coalesce()._values() : gradient;
      const bool is_coarse = at::isReducedFloatingType(values.scalar_type());
      gradients.push_back(is_coarse ? values.to(at::kFloat) : values);
    }
  }
  if (gradients.empty()) return 0.0;
  return at::stack(at::_foreach_norm(gradients)).to(at::kDouble).norm().item<double>();
}

}  // namespace knack::host
