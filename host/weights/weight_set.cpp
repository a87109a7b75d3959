// SPDX-License-Identifier: MIT
#include "host/weights/weight_set.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "host/common/error.hpp"

namespace knack::host {
namespace {

bool is_plain_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), allowed);
}

[[noreturn]] void refuse_name(ErrorId id, const std::string& name, const std::string& publisher,
                              const std::string& why) {
  Diagnostic problem =
      diagnostic_of(id, "weight set `" + name + "` of `" + publisher + "`: " + why);
  problem.value = name;
  throw Error(problem);
}

}  // namespace

WeightStore::WeightStore(std::vector<ModelTensor> model_tensors)
    : model_tensors_(std::move(model_tensors)) {
  auto live = std::make_unique<WeightSet>();
  live->name = "live";
  live->tensors.reserve(model_tensors_.size());
  for (const ModelTensor& entry : model_tensors_) {
    live->tensors.push_back(entry.tensor.detach());  // same storage, its own handle
  }
  active_ = live.get();
  sets_.push_back(std::move(live));
}

WeightSet* WeightStore::find(std::string_view name) {
  const auto found =
      std::find_if(sets_.begin(), sets_.end(), [&](const auto& set) { return set->name == name; });
  return found == sets_.end() ? nullptr : found->get();
}

WeightSet& WeightStore::publish(const std::string& name, const std::string& publisher) {
  if (!is_plain_name(name) || name == "model") {
    refuse_name("E0315", name, publisher,
                "expected a name of letters, digits, `_`, `-` and `.` other than `model`; choose "
                "another name");
  }
  if (const WeightSet* taken = find(name)) {
    const std::string owner = taken->publisher.empty() ? "the host" : "`" + taken->publisher + "`";
    refuse_name("E0317", name, publisher,
                "the name is already taken by " + owner + "; give one of the two another name");
  }
  auto set = std::make_unique<WeightSet>();
  set->name = name;
  set->publisher = publisher;
  set->tensors.reserve(model_tensors_.size());
  for (const at::Tensor& tensor : live().tensors) set->tensors.push_back(tensor.clone());
  return *sets_.emplace_back(std::move(set));
}

void WeightStore::activate(WeightSet& set) {
  for (std::size_t i = 0; i < model_tensors_.size(); ++i) {
    model_tensors_[i].tensor.set_data(set.tensors[i]);
  }
  active_ = &set;
}

WeightStore::Activation::Activation(WeightStore& store, WeightSet& set)
    : store_(store), previous_(*store.active_) {
  if (&set != &previous_) store_.activate(set);
}

WeightStore::Activation::~Activation() {
  if (store_.active_ != &previous_) store_.activate(previous_);
}

BufferKeeper::BufferKeeper(const WeightStore& store, WeightSet& set) {
  for (std::size_t i = 0; i < set.tensors.size(); ++i) {
    if (store.model_tensors()[i].is_buffer) {
      kept_.emplace_back(set.tensors[i], set.tensors[i].clone());
    }
  }
}

BufferKeeper::~BufferKeeper() {
  for (auto& [buffer, content] : kept_) buffer.copy_(content);
}

}  // namespace knack::host
