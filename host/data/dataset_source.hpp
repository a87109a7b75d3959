// SPDX-License-Identifier: MIT
// A plugin's dataset as the source of a loader.
#pragma once

#include "host/data/loader.hpp"
#include "host/plugin/kinds/dataset.hpp"

namespace knack::host {

class DatasetSource final : public BatchSource {
 public:
  /// `dataset` must outlive this.
  explicit DatasetSource(const Dataset& dataset) : dataset_(dataset) {}

  std::int64_t length() const override {
    return dataset_.length();
  }
  bool reentrant() const override {
    return dataset_.is_reentrant();
  }
  std::pair<Value, Value> read(std::int64_t epoch, std::uint64_t seed,
                               std::span<const std::int64_t> indices) override {
    auto [inputs, targets] = dataset_.batch(epoch, seed, indices);
    return {std::move(inputs), std::move(targets)};
  }

 private:
  const Dataset& dataset_;
};

}  // namespace knack::host
