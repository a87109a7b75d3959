// SPDX-License-Identifier: MIT
// A dataset, as the loader reads it.
#pragma once

#include <knack/abi/kinds/dataset.h>

#include <cstdint>
#include <span>

#include "host/plugin/instance.hpp"

namespace knack::host {

/// What a dataset gave for the samples asked for.
struct Samples {
  Value inputs;
  Value targets;
};

class Dataset : public Instance {
 public:
  static constexpr const char* kKind = KNACK_KIND_DATASET;

  explicit Dataset(Instance&& instance);

  /// Number of samples, at least 1; asked once, when the object is made.
  std::int64_t length() const {
    return length_;
  }

  /// Facts such as "num_classes"; an empty map when the dataset tells none.
  Value describe() const;

  /// Reads the samples `indices`, each in [0, length()), at least one. `epoch` counts from 1 in
  /// training and is 0 elsewhere; `seed` is that of the run and data section. By several threads at
  /// once only when it is_reentrant(); the caller has set the thread's modes.
  Samples batch(std::int64_t epoch, std::uint64_t seed,
                std::span<const std::int64_t> indices) const;

 private:
  knack_dataset_t slots_;
  std::int64_t length_ = 0;
};

}  // namespace knack::host
