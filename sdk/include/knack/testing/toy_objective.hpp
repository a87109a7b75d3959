// SPDX-License-Identifier: MIT
// Softmax cross-entropy of the toy model's outputs, and the samples it learns. Part of toy_fit.hpp.
#pragma once

#include <knack/testing/toy_model.hpp>

#include <numeric>

namespace knack::testing {

/// Mean loss of a batch, its derivative by the outputs, and how many samples are right.
struct ToyLoss {
  double mean = 0;
  std::vector<double> slopes;  // (samples, classes)
  std::int64_t right = 0;
};

/// `targets` are classes, (samples) of int64, or probabilities, (samples, classes) of a floating
/// point type. `outputs` are (samples, classes). Throws Error for other shapes.
inline ToyLoss toy_loss(const FakeTensor& outputs, const FakeTensor& targets) {
  const std::int64_t samples = targets.sizes.empty() ? 0 : targets.sizes[0];
  const bool are_classes = !targets.is_floating();
  const std::vector<std::int64_t> shape{samples, kToyClasses};
  if (outputs.sizes != shape || (are_classes ? targets.dim() != 1 : targets.sizes != shape)) {
    throw Error(
        KNACK_STATUS_INVALID,
        "the toy objective takes outputs of shape (samples, 3) and targets that are classes, "
        "(samples), or probabilities, (samples, 3)");
  }
  ToyLoss loss;
  const auto count = static_cast<double>(samples);
  for (std::int64_t row = 0; row < samples; ++row) {
    std::array<double, kToyClasses> wanted{};
    std::array<double, kToyClasses> found{};
    for (std::int64_t c = 0; c < kToyClasses; ++c) {
      const auto i = static_cast<std::size_t>(c);
      const bool is_class = are_classes && targets.get<std::int64_t>(row) == c;
      wanted[i] = are_classes ? (is_class ? 1 : 0) : targets.get(row * kToyClasses + c);
      found[i] = outputs.get(row * kToyClasses + c);
    }
    const double highest = *std::max_element(found.begin(), found.end());
    double total = 0;
    for (const double output : found) total += std::exp(output - highest);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const double log_probability = found[i] - highest - std::log(total);
      loss.mean -= wanted[i] * log_probability / count;
      loss.slopes.push_back((std::exp(log_probability) - wanted[i]) / count);
    }
    const auto best = [](const auto& numbers) {
      return std::max_element(numbers.begin(), numbers.end()) - numbers.begin();
    };
    if (best(found) == best(wanted)) ++loss.right;
  }
  return loss;
}

/// Samples that are the same in each process: noise around a direction for each class.
class ToyData {
 public:
  struct Batch {
    OwnedValue inputs;   // (samples, 4) of float32
    OwnedValue targets;  // (samples) of int64
    std::vector<std::int64_t> indices;
  };

  /// `first` sets two collections apart.
  ToyData(std::int64_t samples, std::uint64_t seed, std::int64_t first = 0)
      : samples_(samples), seed_(seed), first_(first) {}

  [[nodiscard]] std::int64_t size() const {
    return samples_;
  }

  /// All indices in the order of an epoch; 0: in their own order.
  [[nodiscard]] std::vector<std::int64_t> order(std::int64_t epoch) const {
    std::vector<std::int64_t> indices(static_cast<std::size_t>(samples_));
    std::iota(indices.begin(), indices.end(), 0);
    if (epoch == 0) return indices;
    std::stable_sort(indices.begin(), indices.end(), [&](std::int64_t a, std::int64_t b) {
      return noise(a, 1000 + epoch) < noise(b, 1000 + epoch);
    });
    return indices;
  }

  [[nodiscard]] Batch batch(std::vector<std::int64_t> indices) const {
    std::vector<double> inputs;
    std::vector<std::int64_t> targets;
    for (const std::int64_t sample : indices) {
      const std::int64_t label = (first_ + sample) % kToyClasses;
      for (std::int64_t k = 0; k < kToyFeatures; ++k) {
        inputs.push_back((k == label ? 1.0 : 0.0) + 0.8 * noise(sample, k));
      }
      targets.push_back(label);
    }
    const auto count = static_cast<std::int64_t>(indices.size());
    return {OwnedValue::of(tensor_from(inputs, KNACK_DTYPE_FLOAT32, {count, kToyFeatures})),
            OwnedValue::of(tensor_from(targets, KNACK_DTYPE_INT64)), std::move(indices)};
  }

 private:
  /// In [-1, 1), from the sample's number and `purpose` alone.
  [[nodiscard]] double noise(std::int64_t sample, std::int64_t purpose) const {
    std::uint64_t state = seed_ ^ static_cast<std::uint64_t>(purpose * 1000003 + first_ + sample) *
                                      0xd1342543de82ef95U;
    next_split_mix(state);
    return static_cast<double>(next_split_mix(state) >> 11) * 0x1p-52 - 1;
  }

  std::int64_t samples_;
  std::uint64_t seed_;
  std::int64_t first_;
};

}  // namespace knack::testing
