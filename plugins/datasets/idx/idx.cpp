// SPDX-License-Identifier: MIT
// The dataset "idx": images and labels in the format of MNIST.
#include <knack/sdk/dataset.hpp>

#include <array>
#include <optional>

#include "idx_file.hpp"

namespace {

constexpr float kWhite = 255.0F;

struct Options {
  std::optional<std::string> root;
  std::string split = "train";
  std::optional<std::string> images;
  std::optional<std::string> labels;
  std::optional<std::vector<std::int64_t>> range;
  std::vector<double> mean;
  std::vector<double> std;
  std::optional<std::int64_t> num_classes;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("root", &Options::root, "Folder with the files, named as those of MNIST").path();
    spec.add("split", &Options::split, "Which of the two pairs of files in root")
        .one_of({"train", "test"});
    spec.add("images", &Options::images, "File of images; takes the place of root and split")
        .path();
    spec.add("labels", &Options::labels, "File of labels, together with images").path();
    spec.add("range", &Options::range, "First sample, and the one behind the last; null: all")
        .at_least(0)
        .length(2);
    spec.add("mean", &Options::mean, "Subtracted from each channel, of pixels in 0 to 1");
    spec.add("std", &Options::std, "Each channel is divided by it after that").above(0);
    spec.add("num_classes", &Options::num_classes,
             "Labels must be below it; null: the largest label and one")
        .at_least(1);
  }
};

/// Runs `read`, turning what is wrong with a file into what the host reports as bad data.
template <class Read>
auto reading(Read&& read) {
  try {
    return read();
  } catch (const idx::FileError& error) {
    throw knack::Error(KNACK_STATUS_DATA, error.what());
  }
}

struct Files {
  std::filesystem::path images;
  std::filesystem::path labels;
};

Files find_files(const Options& options) {
  if (options.images.has_value() != options.labels.has_value()) {
    throw knack::Error(KNACK_STATUS_INVALID, "options \"images\" and \"labels\" go together");
  }
  if (options.images) return {*options.images, *options.labels};
  if (!options.root) {
    throw knack::Error(KNACK_STATUS_INVALID,
                       "expected the option \"root\", or \"images\" and \"labels\"; found neither");
  }
  const std::string prefix = options.split == "train" ? "train" : "t10k";
  return {idx::find_file(*options.root, prefix + "-images-idx3-ubyte"),
          idx::find_file(*options.root, prefix + "-labels-idx1-ubyte")};
}

class Idx final : public knack::Dataset {
 public:
  static constexpr knack::Info info{.id = "idx",
                                    .summary = "Images and labels in IDX files, as MNIST has them"};
  static constexpr bool reentrant = true;
  using Options = ::Options;

  explicit Idx(const Options& options) {
    const Files files = reading([&] { return find_files(options); });
    reading([&] { read(files, options.num_classes.value_or(0)); });
    choose_range(options, files);
    fill_table(options);
  }

  std::int64_t length() const override {
    return last_ - first_;
  }

  knack::Value describe() const override {
    return knack::Value::map(
        {{"num_classes", num_classes_},
         {"shape", knack::Value::list({images_.channels, images_.height, images_.width})}});
  }

  void batch(const knack::BatchRequest& request, knack::Value& inputs,
             knack::Value& targets) override {
    const auto count = request.size();
    knack::Tensor pixels = knack::Tensor::empty(
        {count, images_.channels, images_.height, images_.width}, knack::Dtype::float32);
    knack::Tensor labels = knack::Tensor::empty({count}, knack::Dtype::int64);
    float* pixel = pixels.data<float>().data();
    std::int64_t* label = labels.data<std::int64_t>().data();
    for (const std::int64_t index : request.indices()) {
      *label++ = labels_[static_cast<std::size_t>(first_ + index)];
      pixel = convert(first_ + index, pixel);
    }
    inputs = std::move(pixels);
    targets = std::move(labels);
  }

 private:
  /// The value of each of the 256 grey levels.
  using Table = std::array<float, 256>;

  void read(const Files& files, std::int64_t num_classes) {
    images_ = idx::read_images(files.images);
    labels_ = idx::read_labels(files.labels);
    idx::check_counts(files.images, images_.count, files.labels,
                      static_cast<std::int64_t>(labels_.size()));
    num_classes_ = idx::number_of_classes(files.labels, labels_, num_classes);
  }

  void choose_range(const Options& options, const Files& files) {
    last_ = images_.count;
    if (!options.range) return;
    first_ = options.range->at(0);
    last_ = options.range->at(1);
    if (first_ >= last_ || last_ > images_.count) {
      throw knack::Error(KNACK_STATUS_DATA,
                         "option \"range\": expected [first, last) with 0 <= first < last <= " +
                             std::to_string(images_.count) + ", the number of images in " +
                             files.images.string() + "; found [" + std::to_string(first_) + ", " +
                             std::to_string(last_) + "]");
    }
  }

  void fill_table(const Options& options) {
    const auto channels = static_cast<std::size_t>(images_.channels);
    const auto of_channel = [&](const std::vector<double>& values, const char* name,
                                std::size_t channel, float otherwise) {
      if (values.empty()) return otherwise;
      if (values.size() == 1) return static_cast<float>(values[0]);
      if (values.size() == channels) return static_cast<float>(values[channel]);
      throw knack::Error(KNACK_STATUS_INVALID, std::string("option \"") + name +
                                                   "\": expected 1 or " + std::to_string(channels) +
                                                   " numbers, one a channel, found " +
                                                   std::to_string(values.size()));
    };
    table_.resize(channels);
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const float mean = of_channel(options.mean, "mean", channel, 0.0F);
      const float std = of_channel(options.std, "std", channel, 1.0F);
      for (std::size_t level = 0; level < table_[channel].size(); ++level) {
        table_[channel][level] = (static_cast<float>(level) / kWhite - mean) / std;
      }
    }
  }

  /// Writes image `index` to `target`; returns what is behind it.
  float* convert(std::int64_t index, float* target) const {
    const std::int64_t plane = images_.height * images_.width;
    const std::uint8_t* source = images_.pixels.data() + index * images_.elements_per_image();
    for (const Table& table : table_) {
      for (std::int64_t i = 0; i < plane; ++i) target[i] = table[source[i]];
      source += plane;
      target += plane;
    }
    return target;
  }

  idx::Images images_{};
  std::vector<std::uint8_t> labels_;
  std::int64_t num_classes_ = 0;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  std::vector<Table> table_;  ///< by channel
};

}  // namespace

KNACK_PLUGIN("1.0.0", Idx)
