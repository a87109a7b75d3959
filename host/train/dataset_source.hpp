// SPDX-License-Identifier: MIT
// A dataset plugin as a source of batches.
#pragma once

#include <span>
#include <utility>

#include "host/data/loader.hpp"
#include "host/plugin/kinds/dataset.hpp"

namespace knack::host {

class DatasetSource final : public BatchSource {
 public:
  explicit DatasetSource(Dataset dataset) : dataset_(std::move(dataset)) {}

  std::int64_t length() const override {
    return dataset_.length();
  }
  bool reentrant() const override {
    return dataset_.is_reentrant();
  }
  std::pair<Value, Value> read(std::int64_t epoch, std::uint64_t seed,
                               std::span<const std::int64_t> indices) override {
    Samples samples = dataset_.batch(epoch, seed, indices);
    return {std::move(samples.inputs), std::move(samples.targets)};
  }

 private:
  Dataset dataset_;
};

}  // namespace knack::host
