// SPDX-License-Identifier: MIT
#include "host/weights/weight_file.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <utility>

#include "host/checkpoint/safetensors.hpp"
#include "host/common/error.hpp"
#include "host/common/nearest_name.hpp"

namespace knack::host {
namespace {

constexpr std::array<std::pair<at::ScalarType, const char*>, 9> kDtypes = {{
    {at::kFloat, "F32"},
    {at::kDouble, "F64"},
    {at::kHalf, "F16"},
    {at::kBFloat16, "BF16"},
    {at::kLong, "I64"},
    {at::kInt, "I32"},
    {at::kShort, "I16"},
    {at::kByte, "U8"},
    {at::kBool, "BOOL"},
}};

const char* dtype_name(const std::string& tensor, at::ScalarType type) {
  for (const auto& [known, name] : kDtypes) {
    if (known == type) return name;
  }
  throw Error(ExitCode::data, "tensor `" + tensor + "`: its dtype " + at::toString(type) +
                                  " cannot be written as safetensors");
}

bool find_dtype(const std::string& name, at::ScalarType& type) {
  for (const auto& [known, known_name] : kDtypes) {
    if (name == known_name) {
      type = known;
      return true;
    }
  }
  return false;
}

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

void check_fit(const WeightStore& store, const SafetensorsReader& reader,
               const std::filesystem::path& file) {
  Mismatches mismatches(file);
  std::vector<std::string> expected;
  for (const ModelTensor& entry : store.model_tensors()) {
    if (!entry.is_persistent) continue;
    expected.push_back(entry.name);
    const StoredTensor* stored = reader.find(entry.name);
    at::ScalarType type;
    if (stored == nullptr) {
      mismatches.add("missing   ", entry.name, shape_text(entry.tensor.sizes()));
    } else if (at::IntArrayRef(stored->shape) != entry.tensor.sizes()) {
      mismatches.add(
          "misshapen ", entry.name,
          "expected " + shape_text(entry.tensor.sizes()) + ", found " + shape_text(stored->shape));
    } else if (!find_dtype(stored->dtype, type) ||
               at::isFloatingType(type) != entry.tensor.is_floating_point()) {
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

void save_weights(const WeightStore& store, const WeightSet& set, const std::filesystem::path& file,
                  const std::map<std::string, std::string>& metadata) {
  std::vector<at::Tensor> row_major;  // keeps the memory alive until it is written
  std::vector<TensorToWrite> tensors;
  for (std::size_t i = 0; i < set.tensors.size(); ++i) {
    const ModelTensor& entry = store.model_tensors()[i];
    if (!entry.is_persistent) continue;
    const at::Tensor& tensor = row_major.emplace_back(
        set.tensors[i].to(at::kCPU).contiguous(at::MemoryFormat::Contiguous));
    tensors.push_back({entry.name, dtype_name(entry.name, tensor.scalar_type()),
                       tensor.sizes().vec(), tensor.const_data_ptr(), tensor.nbytes()});
  }
  std::map<std::string, std::string> all_metadata = metadata;
  all_metadata.emplace("format", "pt");
  write_safetensors(file, tensors, all_metadata);
}

void load_weights(const WeightStore& store, WeightSet& set, const std::filesystem::path& file) {
  const SafetensorsReader reader(file);
  check_fit(store, reader, file);
  std::vector<std::pair<at::Tensor, at::Tensor>> contents;  // copied only once all was read
  for (std::size_t i = 0; i < set.tensors.size(); ++i) {
    const ModelTensor& entry = store.model_tensors()[i];
    if (entry.is_persistent) {
      const StoredTensor& stored = *reader.find(entry.name);
      at::ScalarType type = at::kFloat;
      find_dtype(stored.dtype, type);
      at::Tensor content = at::empty(stored.shape, at::TensorOptions().dtype(type));
      reader.read(stored, content.data_ptr());
      contents.emplace_back(set.tensors[i], std::move(content));
    }
  }
  const at::NoGradGuard no_grad;
  for (auto& [tensor, content] : contents) tensor.copy_(content);
}

}  // namespace knack::host
