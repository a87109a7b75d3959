// SPDX-License-Identifier: MIT
// Keep what a side trip (an evaluation, an estimate) must not change, and put it back on every way
// out.
#pragma once

#include <ATen/core/Generator.h>

#include <utility>
#include <vector>

#include "host/plugin/kinds/model.hpp"

namespace knack::host {

/// The model in evaluation mode, and afterwards in the mode it was in.
class [[nodiscard]] EvaluationMode {
 public:
  explicit EvaluationMode(Model& model) : model_(model), training_before_(model.is_training()) {
    model_.set_training(false);
  }
  ~EvaluationMode() {
    model_.set_training(training_before_);
  }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  Model& model_;
  const bool training_before_;
};

/// LibTorch's default random stream on the CPU.
class [[nodiscard]] RandomStreamKeeper {
 public:
  RandomStreamKeeper();
  ~RandomStreamKeeper();
  RandomStreamKeeper(const RandomStreamKeeper&) = delete;
  RandomStreamKeeper& operator=(const RandomStreamKeeper&) = delete;

 private:
  at::Generator before_;
};

/// The running statistics of the model's normalization layers.
class [[nodiscard]] StatisticsKeeper {
 public:
  explicit StatisticsKeeper(const std::vector<NormLayer>& layers);
  ~StatisticsKeeper();
  StatisticsKeeper(const StatisticsKeeper&) = delete;
  StatisticsKeeper& operator=(const StatisticsKeeper&) = delete;

 private:
  std::vector<std::pair<at::Tensor, at::Tensor>> kept_;  // statistic, copy of its content
};

}  // namespace knack::host
