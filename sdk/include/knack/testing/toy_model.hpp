// SPDX-License-Identifier: MIT
// The model that ToyFit trains: a linear layer and batch normalization, with softmax cross-entropy
// and its gradients written out. Part of toy_fit.hpp.
#pragma once

#include <knack/testing/fake_world.hpp>

#include <cmath>

namespace knack::testing {

inline constexpr std::int64_t kToyFeatures = 4;
inline constexpr std::int64_t kToyClasses = 3;

/// Gradients by name of the parameter, in row-major order.
using ToyGradients = std::map<std::string, std::vector<double>>;

class ToyModel {
 public:
  /// How the normalization layer works: with its running statistics, with those of the batch, or with
  /// those of the batch that it also learns.
  enum class Mode { evaluate, observe, train };

  struct Activations {
    Mode mode;
    std::int64_t samples = 0;
    std::vector<double> inputs;      // (samples, features)
    std::vector<double> linear;      // (samples, classes)
    std::vector<double> normalized;  // (samples, classes)
    std::vector<double> scale;       // (classes): 1 / sqrt(variance + epsilon)
    std::vector<double> outputs;     // (samples, classes)
  };

  explicit ToyModel(FakeWorld& world) : world_(world) {}

  /// Adds the model's tensors to the world, in front of what is there, with initial weights.
  void build() {
    const auto channels = std::vector<std::int64_t>{kToyClasses};
    const std::vector<FakeParam> params{
        {"fc.weight", KNACK_ROLE_WEIGHT, "Linear", {kToyClasses, kToyFeatures}},
        {"fc.bias", KNACK_ROLE_BIAS, "Linear", channels},
        {"norm.weight", KNACK_ROLE_NORM_SCALE, "BatchNorm1d", channels},
        {"norm.bias", KNACK_ROLE_NORM_SHIFT, "BatchNorm1d", channels}};
    const std::vector<FakeBuffer> buffers{
        {"norm.running_mean", KNACK_ROLE_NORM_STAT, channels},
        {"norm.running_var", KNACK_ROLE_NORM_STAT, channels},
        {"norm.num_batches_tracked", KNACK_ROLE_NORM_STAT, {}, KNACK_DTYPE_INT64}};
    world_.params.insert(world_.params.begin(), params.begin(), params.end());
    world_.buffers.insert(world_.buffers.begin(), buffers.begin(), buffers.end());
    world_.norm_layers.insert(world_.norm_layers.begin(), {"norm"});
    const FakeTensor weight = tensor("fc.weight");
    for (std::int64_t i = 0; i < weight.numel(); ++i) {
      weight.set(i, 0.4 * std::sin(static_cast<double>(i) + 1));
    }
    for (const char* name : {"norm.weight", "norm.running_var"}) {
      for (std::int64_t i = 0; i < kToyClasses; ++i) tensor(name).set(i, 1.0);
    }
  }

  /// `inputs` is (samples, 4). Throws Error for another shape.
  Activations forward(const FakeTensor& inputs, Mode mode) {
    if (inputs.dim() != 2 || inputs.sizes[1] != kToyFeatures) {
      throw Error(KNACK_STATUS_INVALID, "the toy model takes inputs of shape (samples, 4)");
    }
    Activations all;
    all.mode = mode;
    all.samples = inputs.sizes[0];
    all.inputs = elements(inputs);
    const std::vector<double> weight = elements(tensor("fc.weight"));
    const std::vector<double> bias = elements(tensor("fc.bias"));
    for (std::int64_t row = 0; row < all.samples; ++row) {
      for (std::int64_t c = 0; c < kToyClasses; ++c) {
        double sum = bias[index(c)];
        for (std::int64_t k = 0; k < kToyFeatures; ++k) {
          sum += all.inputs[index(row * kToyFeatures + k)] * weight[index(c * kToyFeatures + k)];
        }
        all.linear.push_back(sum);
      }
    }
    normalize(all);
    return all;
  }

  /// The gradient of a loss whose derivative by the outputs is `slopes`, (samples, classes).
  static ToyGradients backward(const Activations& all, const std::vector<double>& slopes,
                               const std::vector<double>& norm_weight) {
    ToyGradients gradients{{"fc.weight", std::vector<double>(kToyClasses * kToyFeatures)},
                           {"fc.bias", std::vector<double>(kToyClasses)},
                           {"norm.weight", std::vector<double>(kToyClasses)},
                           {"norm.bias", std::vector<double>(kToyClasses)}};
    const auto count = static_cast<double>(all.samples);
    for (std::int64_t c = 0; c < kToyClasses; ++c) {
      double& shift = gradients["norm.bias"][index(c)];
      double& factor = gradients["norm.weight"][index(c)];
      for (std::int64_t row = 0; row < all.samples; ++row) {
        shift += slopes[index(row * kToyClasses + c)];
        factor +=
            slopes[index(row * kToyClasses + c)] * all.normalized[index(row * kToyClasses + c)];
      }
      for (std::int64_t row = 0; row < all.samples; ++row) {
        const std::size_t at = index(row * kToyClasses + c);
        const double slope = norm_weight[index(c)] * all.scale[index(c)] *
                             (slopes[at] - shift / count - all.normalized[at] * factor / count);
        gradients["fc.bias"][index(c)] += slope;
        for (std::int64_t k = 0; k < kToyFeatures; ++k) {
          gradients["fc.weight"][index(c * kToyFeatures + k)] +=
              slope * all.inputs[index(row * kToyFeatures + k)];
        }
      }
    }
    return gradients;
  }

  /// Of the active weights.
  FakeTensor& tensor(std::string_view name) {
    return *world_.weights.model_tensor(name);
  }

 private:
  static constexpr double kEpsilon = 1e-5;

  static std::size_t index(std::int64_t number) {
    return static_cast<std::size_t>(number);
  }

  void normalize(Activations& all) {
    const std::vector<double> weight = elements(tensor("norm.weight"));
    const std::vector<double> bias = elements(tensor("norm.bias"));
    all.normalized.resize(all.linear.size());
    all.outputs.resize(all.linear.size());
    const double momentum = all.mode == Mode::train ? count_batch() : 0;
    for (std::int64_t c = 0; c < kToyClasses; ++c) {
      const auto [mean, variance] = statistics(all, c, momentum);
      const double scale = 1 / std::sqrt(variance + kEpsilon);
      all.scale.push_back(scale);
      for (std::int64_t row = 0; row < all.samples; ++row) {
        const std::size_t at = index(row * kToyClasses + c);
        all.normalized[at] = (all.linear[at] - mean) * scale;
        all.outputs[at] = all.normalized[at] * weight[index(c)] + bias[index(c)];
      }
    }
  }

  /// The weight of this batch in the running statistics.
  double count_batch() {
    const FakeTensor& tracked = tensor("norm.num_batches_tracked");
    tracked.set(0, tracked.get<std::int64_t>(0) + 1);
    const double momentum = world_.norm_layers.front().momentum;
    return std::isnan(momentum) ? 1 / tracked.get(0) : momentum;
  }

  std::pair<double, double> statistics(const Activations& all, std::int64_t channel,
                                       double momentum) {
    const FakeTensor& running_mean = tensor("norm.running_mean");
    const FakeTensor& running_var = tensor("norm.running_var");
    if (all.mode == Mode::evaluate) return {running_mean.get(channel), running_var.get(channel)};
    const auto count = static_cast<double>(all.samples);
    double mean = 0;
    for (std::int64_t row = 0; row < all.samples; ++row) {
      mean += all.linear[index(row * kToyClasses + channel)] / count;
    }
    double variance = 0;
    for (std::int64_t row = 0; row < all.samples; ++row) {
      const double distance = all.linear[index(row * kToyClasses + channel)] - mean;
      variance += distance * distance / count;
    }
    if (all.mode == Mode::train) {
      const double unbiased = all.samples > 1 ? variance * count / (count - 1) : variance;
      running_mean.set(channel, (1 - momentum) * running_mean.get(channel) + momentum * mean);
      running_var.set(channel, (1 - momentum) * running_var.get(channel) + momentum * unbiased);
    }
    return {mean, variance};
  }

  FakeWorld& world_;
};

}  // namespace knack::testing
