// SPDX-License-Identifier: MIT
// Population statistics of what flows into normalization layers.
#pragma once

#include <knack/sdk/host.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace knack::inline v1 {

/// Count, mean and sum of squared deviations by channel, in fp64.
class Moments {
 public:
  /// Adds all of `input`, (samples, channels, ...): its own moments in at least fp32, merged as in
  /// Chan, Golub & LeVeque, "Updating formulae and a pairwise algorithm for computing sample
  /// variances" (1979), equation 2.1.
  void add(const Tensor& input) {
    const std::int64_t channels = input.size(1);
    const auto count = static_cast<double>(input.numel() / std::max<std::int64_t>(channels, 1));
    if (count == 0) return;
    auto [variance, mean] = precise(input).var_mean(all_but_channels(input.dim()), 0);
    mean = mean.to(Dtype::float64);
    Tensor squares = variance.to(Dtype::float64) * count;
    if (count_ == 0) {
      mean_ = std::move(mean);
      squares_ = std::move(squares);
    } else {
      const Tensor delta = mean - mean_;
      const double total = count_ + count;
      mean_ += delta * (count / total);
      squares_ += squares + delta.square() * (count_ * count / total);
    }
    count_ += count;
  }

  [[nodiscard]] double count() const {
    return count_;
  }
  /// (channels), fp64; undefined when nothing was added.
  [[nodiscard]] const Tensor& mean() const {
    return mean_;
  }
  /// Of the population, that is divided by the count; (channels), fp64.
  [[nodiscard]] Tensor variance() const {
    return squares_ / count_;
  }

 private:
  static Tensor precise(const Tensor& input) {
    return is_reduced_precision(input.dtype()) ? input.to(Dtype::float32) : input;
  }
  static std::vector<std::int64_t> all_but_channels(std::int64_t dimensions) {
    std::vector<std::int64_t> dims;
    for (std::int64_t dim = 0; dim < dimensions; ++dim) {
      if (dim != 1) dims.push_back(dim);
    }
    return dims;
  }

  double count_ = 0;
  Tensor mean_;
  Tensor squares_;
};

/// What estimate_norm_statistics did.
struct NormEstimate {
  std::int64_t samples = 0;             ///< seen
  std::vector<std::string> not_finite;  ///< layers whose statistics hold infinity or NaN
};

/// Replaces the running statistics of the active weights by the population mean and variance of the
/// inputs over `samples` training samples (<= 0: all), with each batch normalized by its own
/// statistics: Wu & Johnson, arXiv 2105.07576, section 3. A layer that is reached several times
/// gets the statistics of all its inputs; one that is never reached, or that does not train, stays
/// as it is. num_batches_tracked is not touched. In eval_begin the host puts the old statistics
/// back.
inline NormEstimate estimate_norm_statistics(const Host& host, std::int64_t samples) {
  NormEstimate estimate;
  const NormLayers layers = host.norm();
  std::vector<Moments> moments(static_cast<std::size_t>(layers.size()));
  if (moments.empty()) return estimate;
  estimate.samples = layers.observe(samples, [&](std::int64_t layer, const Tensor& input) {
    moments[static_cast<std::size_t>(layer)].add(input);
  });
  for (std::int64_t i = 0; i < layers.size(); ++i) {
    const Moments& found = moments[static_cast<std::size_t>(i)];
    if (found.count() == 0) continue;
    NormLayer layer = layers[i];
    layer.running_mean.copy_(found.mean());
    layer.running_var.copy_(found.variance());
    if (!(found.mean() + found.variance()).isfinite().all().item<bool>()) {
      estimate.not_finite.emplace_back(layer.name);
    }
  }
  return estimate;
}

}  // namespace knack::inline v1
