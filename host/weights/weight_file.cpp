// SPDX-License-Identifier: MIT
#include "host/weights/weight_file.hpp"

#include <ATen/ATen.h>
#include <fnmatch.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "host/common/error.hpp"
#include "host/common/nearest_name.hpp"
#include "host/common/shape_text.hpp"

namespace knack::host {
namespace {

/// Collects what does not fit between a file and a model, as lines of a table.
class Mismatches {
 public:
  explicit Mismatches(const std::filesystem::path& file) : file_(file) {}

  void add(const std::string& kind, const std::string& name, const std::string& note) {
    lines_.push_back(kind + "  " + name + (note.empty() ? "" : "  " + note));
    const std::size_t dot = name.rfind('.');
    layers_.insert(dot == name.npos ? name : name.substr(0, dot) + ".*");
  }

  /// The pattern of the layer to which all of them belong; empty when there are several.
  std::string only_layer() const {
    return layers_.size() == 1 ? *layers_.begin() : "";
  }

  void add_hint(const std::string& hint) {
    hint_ = hint;
  }

  void throw_if_any() const {
    constexpr std::size_t kShown = 40;
    if (lines_.empty()) return;
    std::string text = "expected exactly the model's tensors, found " +
                       std::to_string(lines_.size()) + " that differ; " + hint_;
    for (std::size_t i = 0; i < std::min(lines_.size(), kShown); ++i) text += "\n" + lines_[i];
    if (lines_.size() > kShown) {
      text += "\n  ... and " + std::to_string(lines_.size() - kShown) + " more";
    }
    throw Error("E0507", file_, text);
  }

 private:
  std::filesystem::path file_;
  std::string hint_ = "choose the file or the model to fit";
  std::vector<std::string> lines_;
  std::set<std::string> layers_;
};

using TensorsByName = std::map<std::string, const StoredTensor*>;

bool is_ignored(const std::string& name, const WeightNames& names) {
  return std::any_of(names.ignore.begin(), names.ignore.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

/// The tensors of a file under the names that the model should have for them.
TensorsByName tensors_by_name(const SafetensorsReader& reader, const std::filesystem::path& file,
                              const WeightNames& names) {
  TensorsByName tensors;
  for (const StoredTensor& stored : reader.tensors()) {
    const bool has_prefix = stored.name.starts_with(names.strip_prefix);
    const std::string name =
        has_prefix ? stored.name.substr(names.strip_prefix.size()) : stored.name;
    if (is_ignored(name, names)) continue;
    if (!tensors.emplace(name, &stored).second) {
      throw Error("E0507", file,
                  "expected names that differ without `" + names.strip_prefix + "`, found " + name +
                      " twice; choose another strip_prefix");
    }
  }
  return tensors;
}

/// What stands before each name of the file, up to and with a dot; empty unless that is the only
/// difference to the model's names.
std::string needless_prefix(const TensorsByName& found, const std::vector<std::string>& expected) {
  if (found.size() != expected.size() || found.empty()) return "";
  const std::string& first = found.begin()->first;
  for (std::size_t dot = first.find('.'); dot != first.npos; dot = first.find('.', dot + 1)) {
    const std::string prefix = first.substr(0, dot + 1);
    if (std::all_of(expected.begin(), expected.end(),
                    [&](const std::string& name) { return found.contains(prefix + name); })) {
      return prefix;
    }
  }
  return "";
}

/// The tensors of the model that a file of this kind gives.
std::vector<const ModelTensor*> wanted(const WeightStore& store, const WeightNames& names,
                                       FileContent content) {
  std::vector<const ModelTensor*> entries;
  for (const ModelTensor& entry : store.model_tensors()) {
    const bool is_in = content == FileContent::all || entry.is_persistent;
    if (is_in && !is_ignored(entry.name, names)) entries.push_back(&entry);
  }
  return entries;
}

void compare(const ModelTensor& entry, const StoredTensor* stored, Mismatches& mismatches) {
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

void check_fit(const std::vector<const ModelTensor*>& entries, const TensorsByName& found,
               const std::filesystem::path& file, bool may_advise_names) {
  Mismatches mismatches(file);
  std::vector<std::string> expected;
  for (const ModelTensor* entry : entries) {
    expected.push_back(entry->name);
    const auto stored = found.find(entry->name);
    compare(*entry, stored == found.end() ? nullptr : stored->second, mismatches);
  }
  for (const auto& [name, stored] : found) {
    if (std::find(expected.begin(), expected.end(), name) != expected.end()) continue;
    const auto nearest = nearest_name(name, expected);
    mismatches.add("unexpected", name,
                   shape_text(stored->shape) +
                       (nearest ? "; the nearest name of the model is " + *nearest : ""));
  }
  if (const std::string prefix = needless_prefix(found, expected); !prefix.empty()) {
    mismatches.add_hint("all names would fit without `" + prefix +
                        "`: `model.weights` takes {\"file\": ..., \"strip_prefix\": \"" + prefix +
                        "\"}");
  } else if (const std::string layer = mismatches.only_layer();
             may_advise_names && !layer.empty()) {
    mismatches.add_hint("all but `" + layer +
                        "` would fit: `model.weights` takes {\"file\": ..., \"ignore\": [\"" +
                        layer + "\"]}, to go without what the file has there");
  }
  mismatches.throw_if_any();
}

}  // namespace

std::vector<NamedTensor> tensors_of(const WeightStore& store, const WeightSet& set,
                                    FileContent content) {
  std::vector<NamedTensor> tensors;
  for (std::size_t i = 0; i < set.tensors.size(); ++i) {
    const ModelTensor& entry = store.model_tensors()[i];
    const bool is_in = content == FileContent::all || entry.is_persistent;
    if (is_in) tensors.push_back({entry.name, set.tensors[i]});
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
                  FileContent content, const WeightNames& names) {
  const SafetensorsReader reader(file);
  const TensorsByName found = tensors_by_name(reader, file, names);
  const std::vector<const ModelTensor*> entries = wanted(store, names, content);
  check_fit(entries, found, file, names.may_be_advised);
  std::vector<std::pair<at::Tensor, at::Tensor>> contents;  // copied only once all was read
  for (const ModelTensor* entry : entries) {
    const auto index = static_cast<std::size_t>(entry - store.model_tensors().data());
    contents.emplace_back(set.tensors[index], read_tensor(reader, *found.at(entry->name)));
  }
  const at::NoGradGuard no_grad;
  for (auto& [tensor, read] : contents) tensor.copy_(read);
}

}  // namespace knack::host
