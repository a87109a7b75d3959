// SPDX-License-Identifier: MIT
// Points on two spirals, one a class.
#include <cmath>
#include <knack/sdk/dataset.hpp>
struct @TYPE@ final : knack::Dataset {
  static constexpr knack::Info info{.id = "@ID@", .summary = "Points on two spirals"};
  static constexpr bool reentrant = true;  // batch() changes nothing, so any thread may call it
  struct Options {
    std::int64_t samples = 512;
    static void describe(knack::OptionSpec<Options>& spec) {
      spec.add("samples", &Options::samples, "Number of points").at_least(2);
    }
  };
  explicit @TYPE@(const Options& given) : samples(given.samples) {}
  std::int64_t length() const override { return samples; }
  void batch(const knack::BatchRequest& from, knack::Value& points, knack::Value& labels) override {
    std::vector<float> xy;
    std::vector<std::int64_t> arms;
    for (const std::int64_t i : from.indices()) {
      const float radius = static_cast<float>(i) / static_cast<float>(samples);
      const float angle = 6 * radius + 3.1416F * static_cast<float>(i % 2);
      xy.insert(xy.end(), {radius * std::cos(angle), radius * std::sin(angle)});
      arms.push_back(i % 2);
    }
    points = knack::Tensor::from_data<float>(xy, std::array{from.size(), std::int64_t{2}});
    labels = knack::Tensor::from_data<std::int64_t>(arms, std::array{from.size()});
  }
  std::int64_t samples;
};
KNACK_PLUGIN("0.1.0", @TYPE@)
