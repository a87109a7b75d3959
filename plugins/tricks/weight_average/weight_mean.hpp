// SPDX-License-Identifier: MIT
// The arithmetic mean of weight sets.
#pragma once

#include <knack/sdk/host.hpp>
#include <knack/sdk/state.hpp>

#include <vector>

namespace weight_average {

/// Floating tensors are summed in fp64 and divided once, so the order does not matter; the others
/// are those of the set that was added last.
class WeightMean {
 public:
  void add(const knack::WeightSet& set) {
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

  /// Overwrites the tensors of `set`; at least one set was added.
  void write(const knack::WeightSet& set) const {
    for (std::int64_t i = 0; i < set.size(); ++i) {
      const knack::Weight weight = set[i];
      const knack::Tensor& tensor = tensors_[static_cast<std::size_t>(i)];
      weight.tensor().copy_(weight.is_floating() ? tensor / count_ : tensor);
    }
  }

  void save(knack::StateWriter& state) const {
    state.set("count", count_);
    state.set("tensors", knack::Value::list_of(tensors_));
  }

  void load(const knack::StateReader& state) {
    count_ = state["count"].integer();
    tensors_.clear();
    const knack::ValueView tensors = state["tensors"];
    for (std::size_t i = 0; i < tensors.size(); ++i) tensors_.push_back(tensors[i].tensor());
  }

 private:
  std::int64_t count_ = 0;
  std::vector<knack::Tensor> tensors_;  // sums, or the latest values of integers
};

}  // namespace weight_average
