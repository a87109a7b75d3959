// SPDX-License-Identifier: MIT
#include "host/run/classification.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <exception>

#include "host/report/png.hpp"

namespace knack::host {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kExamples = 16;
constexpr std::size_t kConfusedPairs = 20;
constexpr std::int64_t kLargestMatrix = 64;     // classes
constexpr std::int64_t kLongestImageSide = 64;  // pixels

bool is_image_batch(const at::Tensor* inputs) {
  return inputs != nullptr && inputs->dim() == 4 && (inputs->size(1) == 1 || inputs->size(1) == 3);
}

at::Tensor shrunk(const at::Tensor& image) {
  const std::int64_t height = image.size(1);
  const std::int64_t width = image.size(2);
  const std::int64_t longest = std::max(height, width);
  if (longest <= kLongestImageSide) return image;
  const auto side = [&](std::int64_t length) {
    return std::max<std::int64_t>(1, length * kLongestImageSide / longest);
  };
  return at::adaptive_avg_pool2d(image, {side(height), side(width)});
}

/// Numbers from 0 to 1 are brightness; others, those of normalized images, are stretched to it.
at::Tensor brightness(const at::Tensor& image) {
  const double lowest = image.min().item<double>();
  const double highest = image.max().item<double>();
  if (lowest >= 0.0 && highest <= 1.0) return image;
  return (image - lowest) / std::max(highest - lowest, 1e-12);
}

std::string data_uri_of(const at::Tensor& image) {
  const at::Tensor numbers = at::nan_to_num(image.to(at::kCPU, at::kDouble), 0.0, 1.0, 0.0);
  const at::Tensor scaled = image.scalar_type() == at::kByte ? numbers / 255 : numbers;
  const at::Tensor bytes =
      (brightness(shrunk(scaled)) * 255).round().to(at::kByte).permute({1, 2, 0}).contiguous();
  Pixels pixels{static_cast<std::size_t>(bytes.size(1)),
                static_cast<std::size_t>(bytes.size(0)),
                static_cast<std::size_t>(bytes.size(2)),
                {}};
  const auto* first = bytes.const_data_ptr<std::uint8_t>();
  pixels.bytes.assign(first, first + bytes.numel());
  return data_uri("image/png", png_of(pixels));
}

}  // namespace

bool Classification::accepts(const at::Tensor* outputs, const Batch& batch) {
  const auto* targets = batch.targets.get_if<at::Tensor>();
  if (outputs == nullptr || targets == nullptr || outputs->dim() != 2 || targets->dim() != 1 ||
      !at::isFloatingType(outputs->scalar_type()) || targets->scalar_type() != at::kLong ||
      outputs->size(0) != targets->size(0) || outputs->size(0) == 0 || outputs->size(1) < 2 ||
      static_cast<std::size_t>(targets->size(0)) != batch.indices.size()) {
    return false;
  }
  if (classes_ == 0) classes_ = outputs->size(1);
  return outputs->size(1) == classes_ && targets->max().item<std::int64_t>() < classes_;
}

void Classification::add(const Batch& batch, const Value& outputs) noexcept try {
  is_classifier_ = is_classifier_ && accepts(outputs.get_if<at::Tensor>(), batch);
  if (is_classifier_) count(batch, outputs);
} catch (const c10::Error& error) {
  give_up(error.what_without_backtrace());
} catch (const std::exception& error) {
  give_up(error.what());
}

void Classification::give_up(const char* problem) noexcept {
  is_classifier_ = false;
  problem_ = problem;
}

void Classification::count(const Batch& batch, const Value& outputs) {
  const auto* scores = outputs.get_if<at::Tensor>();
  const at::Tensor wanted = batch.targets.get_if<at::Tensor>()->cpu();
  const at::Tensor logs = scores->to(at::kCPU, at::kDouble).log_softmax(1);
  const auto [best, predictions] = logs.max(1);
  const at::Tensor own = logs.gather(1, wanted.clamp_min(0).unsqueeze(1)).squeeze(1);
  const auto target = wanted.accessor<std::int64_t, 1>();
  const auto predicted = predictions.accessor<std::int64_t, 1>();
  const auto log_probability = own.accessor<double, 1>();
  const auto predicted_log_probability = best.accessor<double, 1>();
  const auto* inputs = batch.inputs.get_if<at::Tensor>();
  for (std::int64_t i = 0; i < wanted.size(0); ++i) {
    if (target[i] < 0) continue;
    ++counts_[{target[i], predicted[i]}];
    keep({batch.indices[static_cast<std::size_t>(i)],
          target[i],
          predicted[i],
          log_probability[i],
          predicted_log_probability[i],
          {}},
         inputs, i);
  }
}

bool Classification::Example::is_worse_than(const Example& other) const {
  const bool no_number = std::isnan(log_probability);
  if (no_number != std::isnan(other.log_probability)) return no_number;
  if (!no_number && log_probability != other.log_probability) {
    return log_probability < other.log_probability;
  }
  return index < other.index;
}

void Classification::keep(Example example, const at::Tensor* inputs, std::int64_t position) {
  if (worst_.size() == kExamples && !example.is_worse_than(worst_.back())) return;
  if (is_image_batch(inputs)) example.image = inputs->select(0, position).clone();
  if (worst_.size() == kExamples) worst_.pop_back();
  const auto place = std::find_if(worst_.begin(), worst_.end(), [&](const Example& other) {
    return example.is_worse_than(other);
  });
  worst_.insert(place, std::move(example));
}

Json Classification::result(const std::string& set) noexcept try {
  return is_classifier_ && classes_ > 0 ? document(set) : Json(nullptr);
} catch (const c10::Error& error) {
  give_up(error.what_without_backtrace());
  return nullptr;
} catch (const std::exception& error) {
  give_up(error.what());
  return nullptr;
}

Json Classification::document(const std::string& set) const {
  Json worst = Json::array();
  for (const Example& example : worst_) worst.push_back(example.json());
  return {{"schema_version", 1}, {"weights", set},           {"split", "valid"},
          {"classes", classes_}, {"confusion", confusion()}, {"confused", confused()},
          {"worst", worst}};
}

Json Classification::confusion() const {
  if (classes_ > kLargestMatrix) return nullptr;
  const auto classes = static_cast<std::size_t>(classes_);
  std::vector<std::vector<std::int64_t>> matrix(classes, std::vector<std::int64_t>(classes));
  for (const auto& [cell, count] : counts_) {
    matrix[static_cast<std::size_t>(cell.first)][static_cast<std::size_t>(cell.second)] = count;
  }
  return matrix;
}

Json Classification::confused() const {
  std::vector<std::pair<std::pair<std::int64_t, std::int64_t>, std::int64_t>> cells;
  for (const auto& cell : counts_) {
    if (cell.first.first != cell.first.second) cells.emplace_back(cell);
  }
  std::stable_sort(cells.begin(), cells.end(),
                   [](const auto& left, const auto& right) { return left.second > right.second; });
  cells.resize(std::min(cells.size(), kConfusedPairs));
  Json pairs = Json::array();
  for (const auto& [cell, count] : cells) {
    pairs.push_back({{"target", cell.first}, {"predicted", cell.second}, {"count", count}});
  }
  return pairs;
}

Json Classification::Example::json() const {
  return {{"index", index},
          {"target", target},
          {"predicted", predicted},
          {"probability", std::exp(log_probability)},
          {"predicted_probability", std::exp(predicted_log_probability)},
          {"loss", -log_probability},
          {"image", image.defined() ? Json(data_uri_of(image)) : Json(nullptr)}};
}

}  // namespace knack::host
