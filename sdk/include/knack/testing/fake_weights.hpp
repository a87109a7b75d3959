// SPDX-License-Identifier: MIT
// Parameters, buffers and the named sets of them. Part of fake_host.hpp.
#pragma once

#include <knack/abi/ext/weights.h>
#include <knack/abi/kinds/model.h>
#include <knack/testing/fake_handles.hpp>

#include <map>
#include <string>

namespace knack::testing {

struct FakeParam {
  std::string name;
  std::string role = KNACK_ROLE_WEIGHT;
  std::string owner_kind = {};
  std::vector<std::int64_t> shape = {};
  bool requires_grad = true;
  std::int32_t dtype = KNACK_DTYPE_FLOAT32;
};

struct FakeBuffer {
  std::string name;
  std::string role = KNACK_ROLE_BUFFER;
  std::vector<std::int64_t> shape = {};
  std::int32_t dtype = KNACK_DTYPE_FLOAT32;
  bool is_persistent = true;
};

/// A set as a plugin sees it: entry i is the same parameter or buffer in all of them.
struct FakeWeightSet {
  std::string name;
  std::map<std::string, LentTensor, std::less<>> tensors;
};

/// Sets of the tensors that two lists name. Tensors are made, of zeros, when they are first asked
/// for, so that the lists may be filled at any time.
class FakeWeightStore {
 public:
  struct Entry {
    std::string_view name;
    std::string_view role;
    std::string_view owner_kind;
    std::uint32_t flags;  // KNACK_WEIGHT_*
    std::int32_t dtype;
    const std::vector<std::int64_t>* shape;
    bool requires_grad;
  };

  FakeWeightStore(const std::vector<FakeParam>& params, const std::vector<FakeBuffer>& buffers)
      : params_(params), buffers_(buffers) {
    sets_.push_back(std::make_unique<FakeWeightSet>(FakeWeightSet{KNACK_WEIGHTS_LIVE, {}}));
    active_ = sets_.front().get();
  }

  [[nodiscard]] std::size_t size() const {
    return params_.size() + buffers_.size();
  }
  /// Parameters first.
  [[nodiscard]] Entry entry(std::size_t index) const {
    if (index < params_.size()) {
      const FakeParam& param = params_[index];
      return {param.name,  param.role,   param.owner_kind,   floating_flag(param.dtype),
              param.dtype, &param.shape, param.requires_grad};
    }
    const FakeBuffer& buffer = buffers_.at(index - params_.size());
    const std::uint32_t flags =
        KNACK_WEIGHT_BUFFER | (buffer.is_persistent ? 0U : KNACK_WEIGHT_NOT_PERSISTENT);
    return {buffer.name,  buffer.role,   "",   flags | floating_flag(buffer.dtype),
            buffer.dtype, &buffer.shape, false};
  }

  [[nodiscard]] FakeWeightSet& live() const {
    return *sets_.front();
  }
  /// "live" first, then in the order of publication.
  [[nodiscard]] const std::vector<std::unique_ptr<FakeWeightSet>>& sets() const {
    return sets_;
  }
  [[nodiscard]] FakeWeightSet* find(std::string_view name) const {
    for (const auto& set : sets_) {
      if (set->name == name) return set.get();
    }
    return nullptr;
  }
  FakeWeightSet& publish(std::string name) {
    if (name.empty() || name.find('/') != std::string::npos || name.front() == '.') {
      throw Error(
          KNACK_STATUS_INVALID,
          "expected a name of a weight set that can be a file name, found \"" + name + "\"");
    }
    if (find(name) != nullptr) {
      throw Error(KNACK_STATUS_INVALID, "weight set \"" + name + "\" is published already");
    }
    auto set = std::make_unique<FakeWeightSet>(FakeWeightSet{std::move(name), {}});
    for (std::size_t i = 0; i < size(); ++i) {
      set->tensors.emplace(entry(i).name, tensor(live(), i)->clone());
    }
    return *sets_.emplace_back(std::move(set));
  }

  /// A set's own tensor.
  LentTensor& tensor(FakeWeightSet& set, std::size_t index) {
    const Entry wanted = entry(index);
    const auto found = set.tensors.find(wanted.name);
    if (found != set.tensors.end() && found->second->sizes == *wanted.shape) return found->second;
    set.tensors.erase(std::string(wanted.name));
    return set.tensors.emplace(wanted.name, FakeTensor(wanted.dtype, *wanted.shape)).first->second;
  }

  /// The model's own tensor, which has the elements of the active set.
  LentTensor& model_tensor(std::size_t index) {
    const LentTensor& active = tensor(*active_, index);
    const auto found = model_.try_emplace(std::string(entry(index).name), *active).first;
    *found->second = *active;
    found->second->requires_grad = entry(index).requires_grad;
    return found->second;
  }
  LentTensor& model_tensor(std::string_view name) {
    for (std::size_t i = 0; i < size(); ++i) {
      if (entry(i).name == name) return model_tensor(i);
    }
    throw Error(KNACK_STATUS_NOT_FOUND, "no tensor \"" + std::string(name) + "\"");
  }

  [[nodiscard]] FakeWeightSet& active() const {
    return *active_;
  }
  void activate(FakeWeightSet& set) {
    active_ = &set;
    for (std::size_t i = 0; i < size(); ++i) model_tensor(i);
  }

 private:
  static std::uint32_t floating_flag(std::int32_t dtype) {
    return FakeTensor(dtype, {0}).is_floating() ? KNACK_WEIGHT_FLOATING : 0U;
  }

  const std::vector<FakeParam>& params_;
  const std::vector<FakeBuffer>& buffers_;
  std::vector<std::unique_ptr<FakeWeightSet>> sets_;
  FakeWeightSet* active_;
  std::map<std::string, LentTensor, std::less<>> model_;
};

}  // namespace knack::testing
