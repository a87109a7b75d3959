// SPDX-License-Identifier: MIT
#include "host/app/predictions.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "host/checkpoint/safetensors_layout.hpp"
#include "host/common/error.hpp"
#include "host/common/shape_text.hpp"
#include "host/recipe/diagnostics.hpp"

namespace knack::host {
namespace {

void collect(const Value& value, const std::string& name, std::vector<NamedTensor>& tensors) {
  if (const auto* tensor = value.get_if<at::Tensor>()) {
    tensors.push_back({name, *tensor});
  } else if (const auto* map = value.get_if<Value::Map>()) {
    for (const NamedValue& entry : *map) collect(entry.value, name + "." + entry.name, tensors);
  } else if (const auto* list = value.get_if<Value::List>()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      collect((*list)[i], name + "." + std::to_string(i), tensors);
    }
  }
}

/// Everything but the number of samples.
bool are_alike(const TensorToWrite& a, const TensorToWrite& b) {
  return a.name == b.name && a.dtype == b.dtype && a.shape.size() == b.shape.size() &&
         std::equal(a.shape.begin() + 1, a.shape.end(), b.shape.begin() + 1);
}

}  // namespace

PredictionsFile::PredictionsFile(std::filesystem::path file, std::int64_t samples,
                                 std::map<std::string, std::string> metadata)
    : file_(std::move(file)), samples_(samples), metadata_(std::move(metadata)) {}

void PredictionsFile::add(const Value& outputs, const Value& targets, std::int64_t samples) {
  std::vector<NamedTensor> tensors;
  collect(outputs, "outputs", tensors);
  collect(targets, "targets", tensors);
  const TensorsToWrite batch(tensors);
  check(batch.get(), samples);
  if (!stream_) begin(batch.get(), samples);
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    stream_->append(i, batch.get()[i].data, batch.get()[i].bytes);
  }
}

void PredictionsFile::check(const std::vector<TensorToWrite>& batch, std::int64_t samples) const {
  if (batch.empty()) refuse("expected tensors in the outputs of the model, found none");
  for (const TensorToWrite& tensor : batch) {
    if (tensor.shape.empty() || tensor.shape.front() != samples) {
      refuse("expected " + std::to_string(samples) + " samples in the first dimension of " +
             tensor.name + ", found the shape " + shape_text(tensor.shape));
    }
  }
  const bool is_other = stream_ && !std::equal(batch.begin(), batch.end(), tensors_.begin(),
                                               tensors_.end(), are_alike);
  if (is_other) refuse("expected tensors of the same kinds in every batch, found others in one");
}

void PredictionsFile::begin(const std::vector<TensorToWrite>& batch, std::int64_t samples) {
  tensors_ = batch;
  for (TensorToWrite& tensor : tensors_) {
    tensor.shape.front() = samples_;
    tensor.bytes =
        tensor.bytes / static_cast<std::size_t>(samples) * static_cast<std::size_t>(samples_);
    tensor.data = nullptr;
  }
  stream_ = std::make_unique<SafetensorsStream>(file_, tensors_, metadata_);
}

void PredictionsFile::commit() {
  if (!stream_) refuse("expected at least one sample, found none");
  stream_->commit();
}

void PredictionsFile::refuse(const std::string& problem) const {
  throw Error("E0503", "--predictions " + backticked_path(file_) + ": " + problem +
                           "; such predictions cannot be written");
}

}  // namespace knack::host
