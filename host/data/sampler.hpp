// SPDX-License-Identifier: MIT
// Which samples make up which batch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace knack::host {

struct SamplerOptions {
  std::int64_t samples = 0;  ///< of the dataset, >= 1
  std::int64_t batch_size = 1;
  bool shuffle = false;    ///< else file order
  bool drop_last = false;  ///< leave out a last batch that is shorter than the others
  std::uint64_t seed = 0;
  std::int64_t limit = 0;  ///< an epoch is the first `limit` samples of its order; <= 0: all
};

/// The order of each epoch and the batches it is cut into; the same on every platform.
///
/// The order of an epoch depends on seed and epoch alone. It is a Fisher-Yates shuffle from the
/// last place down with std::mt19937_64, seeded by split_mix(seed ^ split_mix(epoch)); the place
/// to swap with is its next output modulo the number of places left, outputs that would favour low
/// places being thrown away. (std::shuffle differs between standard libraries.)
class Sampler {
 public:
  /// Throws Error when the batch size is below 1 or when `drop_last` leaves no batch.
  explicit Sampler(const SamplerOptions& options);

  std::int64_t batches_per_epoch() const {
    return batches_;
  }

  /// The samples of an epoch in their order, those that drop_last drops included.
  std::vector<std::int64_t> order(std::int64_t epoch) const;

  /// Batch `index` of 0 .. batches_per_epoch() - 1 as a part of order().
  std::span<const std::int64_t> batch(std::span<const std::int64_t> order,
                                      std::int64_t index) const;

 private:
  SamplerOptions options_;
  std::int64_t samples_;  ///< of an epoch
  std::int64_t batches_;
};

}  // namespace knack::host
