// SPDX-License-Identifier: MIT
#include "host/train/keepers.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <mutex>

namespace knack::host {

RandomStreamKeeper::RandomStreamKeeper() : before_(at::detail::getDefaultCPUGenerator().clone()) {}

RandomStreamKeeper::~RandomStreamKeeper() {
  at::Generator current = at::detail::getDefaultCPUGenerator();
  const std::lock_guard lock(current.mutex());
  current.set_state(before_.get_state());
}

StatisticsKeeper::StatisticsKeeper(const std::vector<NormLayer>& layers) {
  for (const NormLayer& layer : layers) {
    for (at::Tensor* statistic :
         {layer.running_mean, layer.running_var, layer.num_batches_tracked}) {
      if (statistic != nullptr) kept_.emplace_back(*statistic, statistic->clone());
    }
  }
}

StatisticsKeeper::~StatisticsKeeper() {
  const at::NoGradGuard no_grad;
  for (auto& [statistic, content] : kept_) statistic.copy_(content);
}

}  // namespace knack::host
