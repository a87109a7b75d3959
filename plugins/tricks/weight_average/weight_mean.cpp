// SPDX-License-Identifier: MIT
#include "weight_mean.hpp"

namespace weight_average {

void WeightMean::add(const knack::WeightSet& set) {
  tensors_.resize(static_cast<std::size_t>(set.size()));
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const knack::Weight weight = set[i];
    knack::Tensor& tensor = tensors_[static_cast<std::size_t>(i)];
    if (!weight.is_floating()) {
      tensor = weight.tensor().clone();
    } else if (tensor.defined()) {
      tensor += weight.tensor();
    } else {
      tensor = knack::Tensor::zeros_like(weight.tensor(), knack::Dtype::float64);
      tensor += weight.tensor();
    }
  }
  ++count_;
}

void WeightMean::write(const knack::WeightSet& set) const {
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const knack::Weight weight = set[i];
    const knack::Tensor& tensor = tensors_[static_cast<std::size_t>(i)];
    weight.tensor().copy_(weight.is_floating() ? tensor / count_ : tensor);
  }
}

void WeightMean::save(knack::StateWriter& state) const {
  state.set("count", count_);
  state.set("tensors", knack::Value::list_of(tensors_));
}

void WeightMean::load(const knack::StateReader& state) {
  count_ = state["count"].integer();
  tensors_.clear();
  const knack::ValueView tensors = state["tensors"];
  for (std::size_t i = 0; i < tensors.size(); ++i) tensors_.push_back(tensors[i].tensor());
}

}  // namespace weight_average
