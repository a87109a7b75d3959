// SPDX-License-Identifier: MIT
#include "host/data/sampler.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <utility>

#include "host/common/error.hpp"
#include "host/common/split_mix.hpp"

namespace knack::host {
namespace {

/// Uniform in 0 .. bound - 1.
std::uint64_t draw_below(std::mt19937_64& random, std::uint64_t bound) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t fair = kMost - kMost % bound;
  std::uint64_t drawn = random();
  while (drawn >= fair) drawn = random();
  return drawn % bound;
}

}  // namespace

Sampler::Sampler(const SamplerOptions& options)
    : options_(options),
      samples_(options.limit > 0 ? std::min(options.limit, options.samples) : options.samples) {
  const std::int64_t size = options.batch_size;
  if (size < 1) {
    throw Error("E0313", "batch_size: expected at least 1, found " + std::to_string(size));
  }
  batches_ = options.drop_last ? samples_ / size : samples_ / size + (samples_ % size != 0);
  if (batches_ < 1) {
    throw Error("E0342",
                "batch_size: " + std::to_string(size) + " is more than the " +
                    std::to_string(samples_) +
                    " samples there are, and drop_last drops them all; make batch_size smaller or "
                    "set drop_last to false");
  }
}

std::vector<std::int64_t> Sampler::order(std::int64_t epoch) const {
  std::vector<std::int64_t> order(static_cast<std::size_t>(options_.samples));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (options_.shuffle) {
    std::mt19937_64 random(split_mix(options_.seed ^ split_mix(static_cast<std::uint64_t>(epoch))));
    for (std::size_t left = order.size(); left > 1; --left) {
      std::swap(order[left - 1], order[draw_below(random, left)]);
    }
  }
  order.resize(static_cast<std::size_t>(samples_));
  return order;
}

std::span<const std::int64_t> Sampler::batch(std::span<const std::int64_t> order,
                                             std::int64_t index) const {
  const std::int64_t first = index * options_.batch_size;
  const std::int64_t count = std::min(options_.batch_size, samples_ - first);
  return order.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
}

}  // namespace knack::host
