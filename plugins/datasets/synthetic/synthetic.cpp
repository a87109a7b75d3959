// SPDX-License-Identifier: MIT
// The dataset "synthetic": images made from a seed, for tests and benchmarks that need no files.
#include <knack/sdk/dataset.hpp>

namespace {

/// Squares along each side of an image that make up the pattern of a class.
constexpr std::int64_t kSquares = 4;

struct Options {
  std::int64_t samples = 1024;
  std::int64_t offset = 0;
  std::int64_t channels = 3;
  std::int64_t height = 32;
  std::int64_t width = 32;
  std::int64_t num_classes = 10;
  std::int64_t seed = 0;
  double noise = 0.5;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("samples", &Options::samples, "Number of images").at_least(1);
    spec.add("offset", &Options::offset,
             "Number of the first image: sections whose images do not overlap are independent")
        .at_least(0);
    spec.add("channels", &Options::channels, "Planes of an image").in_range(1, 4096);
    spec.add("height", &Options::height, "Pixels").in_range(1, 65536);
    spec.add("width", &Options::width, "Pixels").in_range(1, 65536);
    spec.add("num_classes", &Options::num_classes, "Number of classes").at_least(1);
    spec.add("seed", &Options::seed, "Of patterns and noise");
    spec.add("noise", &Options::noise, "0: the class's pattern alone, 1: noise alone")
        .in_range(0, 1);
  }
};

/// The finalizer of SplitMix64: nearby inputs give unrelated outputs.
constexpr std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

/// The top 24 bits as a number in [0, 1).
constexpr float uniform(std::uint64_t bits) {
  return static_cast<float>(bits >> 40) * 0x1p-24F;
}

/// Image i, counted from `offset`, is of class i modulo num_classes. Each class has squares of
/// random brightness in each channel; a pixel is (1 - noise) * brightness + noise * random.
class Synthetic final : public knack::Dataset {
 public:
  static constexpr knack::Info info{.id = "synthetic", .summary = "Images made from a seed"};
  static constexpr bool reentrant = true;
  using Options = ::Options;

  explicit Synthetic(const Options& options)
      : options_(options), seed_(mix(static_cast<std::uint64_t>(options.seed))) {}

  std::int64_t length() const override {
    return options_.samples;
  }

  knack::Value describe() const override {
    return knack::Value::map(
        {{"num_classes", options_.num_classes},
         {"shape", knack::Value::list({options_.channels, options_.height, options_.width})}});
  }

  void batch(const knack::BatchRequest& request, knack::Value& inputs,
             knack::Value& targets) override {
    knack::Tensor pixels =
        knack::Tensor::empty({request.size(), options_.channels, options_.height, options_.width},
                             knack::Dtype::float32);
    knack::Tensor labels = knack::Tensor::empty({request.size()}, knack::Dtype::int64);
    float* pixel = pixels.data<float>().data();
    std::int64_t* label = labels.data<std::int64_t>().data();
    for (const std::int64_t index : request.indices()) {
      const std::int64_t image = options_.offset + index;
      *label++ = image % options_.num_classes;
      pixel = draw(image, pixel);
    }
    inputs = std::move(pixels);
    targets = std::move(labels);
  }

 private:
  /// The brightness of a square of a class.
  float brightness(std::int64_t label, std::int64_t channel, std::int64_t square) const {
    const std::int64_t number =
        (label * options_.channels + channel) * kSquares * kSquares + square;
    return uniform(mix(seed_ ^ static_cast<std::uint64_t>(number)));
  }

  /// Writes an image to `target`; returns what is behind it.
  float* draw(std::int64_t image, float* target) const {
    const auto noise = static_cast<float>(options_.noise);
    std::uint64_t state = mix(~seed_ ^ static_cast<std::uint64_t>(image));
    for (std::int64_t channel = 0; channel < options_.channels; ++channel) {
      for (std::int64_t y = 0; y < options_.height; ++y) {
        const std::int64_t row = y * kSquares / options_.height * kSquares;
        for (std::int64_t column = 0; column < kSquares; ++column) {
          const float pattern =
              (1 - noise) * brightness(image % options_.num_classes, channel, row + column);
          const std::int64_t end = (column + 1) * options_.width / kSquares;
          for (std::int64_t x = column * options_.width / kSquares; x < end; ++x) {
            *target++ = pattern + noise * uniform(mix(state++));
          }
        }
      }
    }
    return target;
  }

  Options options_;
  std::uint64_t seed_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", Synthetic)
