// SPDX-License-Identifier: MIT
#include "host/weights/weight_file.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "host/common/error.hpp"
#include "host/common/nearest_name.hpp"

namespace knack::host {
namespace {

std::string shape_text(at::IntArrayRef shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + "]";
}

/// Collects what does not fit between a file and a model, as lines of a table.
class Mismatches {
 public:
  explicit Mismatches(const std::filesystem::path& file) : file_(file) {}

  void add(const std::string& kind, const std::string& name, const std::string& note) {
    lines_.push_back("  " + kind + "  " + name + (note.empty() ? "" : "  " + note));
  }

  void throw_if_any() const {
    constexpr std::size_t kShown = 40;
    if (lines_.empty()) return;
    std::string text = file_.string() + ": expected exactly the model's tensors, found " +
                       std::to_string(lines_.size()) +
                       " that differ; choose the file or the model "
                       "to fit:";
    for (std::size_t i = 0; i < std::min(lines_.size(), kShown); ++i) text += "\n" + lines_[i];
    if (lines_.size() > kShown) {
      text += "\n  ... and " + std::to_string(lines_.size() - kShown) + " more";
    }
    throw Error(ExitCode::data, text);
  }

 private:
  std::filesystem::path file_;
  std::vector<std::string> lines_;
};

bool is_in(FileContent content, const ModelTensor& entry) {
  return content == FileContent::all || entry.is_persistent;
}

void check_fit(const WeightStore& store, const SafetensorsReader& reader,
               const std::filesystem::path& file, FileContent content) {
  Mismatches mismatches(file);
  std::vector<std::string> expected;
  for (const ModelTensor& entry : store.model_tensors()) {
    if (!is_in(content, entry)) continue;
    expected.push_back(entry.name);
    const StoredTensor* stored = reader.find(entry.name);
    const auto type = stored == nullptr ? std::nullopt : dtype_of(*stored);
    if (stored == nullptr) {
      mismatches.add("missing   ", entry.name, shape_text(entry.tensor.sizes()));
    } else if (at::IntArrayRef(stored->shape) != entry.tensor.sizes()) {
      mismatches.add(
          "misshapen ", entry.name,
          "expected " + shape_text(entry.tensor.sizes()) + ", found " + shape_text(stored->shape));
    } else if (!type || at::isFloatingType(*type) != entry.tensor.is_floating_point()) {
      mismatches.add("wrong type", entry.name,
                     std::string("expected ") + at::toString(entry.tensor.scalar_type()) +
                         ", found " + stored->dtype);
    }
  }
  for (const StoredTensor& stored : reader.tensors()) {
    if (std::find(expected.begin(), expected.end(), stored.name) == expected.end()) {
      const auto nearest = nearest_name(stored.name, expected);
      mismatches.add("unexpected", stored.name,
                     shape_text(stored.shape) +
                         (nearest ? "; the nearest name of the model is " + *nearest : ""));
    }
  }
  mismatches.throw_if_any();
}

}  // namespace

std::vector<NamedTensor> tensors_of(const WeightStore& store, const WeightSet& set,
                                    FileContent content) {
  std::vector<NamedTensor> tensors;
  for (std::size_t i = 0; i < set.tensors.size(); ++i) {
    const ModelTensor& entry = store.model_tensors()[i];
    if (is_in(content, entry)) tensors.push_back({entry.name, set.tensors[i]});
  }
  return tensors;
}

void save_weights(const WeightStore& store, const WeightSet& set, const std::filesystem::path& file,
                  const std::map<std::string, std::string>& metadata) {
  std::map<std::string, std::string> all_metadata = metadata;
  all_metadata.emplace("format", "pt");
  const TensorsToWrite tensors(tensors_of(store, set, FileContent::persistent));
  write_safetensors(file, tensors.get(), all_metadata);
}

void load_weights(const WeightStore& store, WeightSet& set, const std::filesystem::path& file,
                  FileContent content) {
  const SafetensorsReader reader(file);
  check_fit(store, reader, file, content);
  std::vector<std::pair<at::Tensor, at::Tensor>> contents;  // copied only once all was read
  for (std::size_t i = 0; i < set.tensors.size(); ++i) {
    const ModelTensor& entry = store.model_tensors()[i];
    if (is_in(content, entry)) {
      contents.emplace_back(set.tensors[i], read_tensor(reader, *reader.find(entry.name)));
    }
  }
  const at::NoGradGuard no_grad;
  for (auto& [tensor, read] : contents) tensor.copy_(read);
}

}  // namespace knack::host
