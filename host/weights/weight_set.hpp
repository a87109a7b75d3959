// SPDX-License-Identifier: MIT
// Named weight sets: full copies of a model's parameters and buffers, and which of them is active.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/kinds/model_parts.hpp"

namespace knack::host {

/// A full copy of the model's tensors under a name: "live", or one that a plugin published.
///
/// `tensors[i]` belongs to entry i of the store's `model_tensors()`, and is the set's own storage
/// whichever set is active.
struct WeightSet {
  std::string name;
  std::string publisher;  ///< instance name of the trick; empty for "live"
  std::vector<at::Tensor> tensors;
};

/// All weight sets of a run. Tricks publish sets; nobody but the host activates one.
class WeightStore {
 public:
  /// Takes the model as it is: what it holds now is the set "live".
  explicit WeightStore(std::vector<ModelTensor> model_tensors);

  const std::vector<ModelTensor>& model_tensors() const {
    return model_tensors_;
  }
  WeightSet& live() {
    return *sets_.front();
  }
  const WeightSet& active() const {
    return *active_;
  }

  /// In the order of publication, "live" first. Addresses stay valid.
  const std::vector<std::unique_ptr<WeightSet>>& sets() const {
    return sets_;
  }

  /// Nullptr when nobody published it.
  WeightSet* find(std::string_view name);

  /// Adds a set with a copy of the live tensors. Throws Error(recipe) when the name is taken or
  /// is no plain file name.
  WeightSet& publish(const std::string& name, const std::string& publisher);

  /// While it exists, the model computes with a set's storage. Nothing is copied. Activations nest;
  /// each puts back what was active before, on every way out.
  class [[nodiscard]] Activation {
   public:
    Activation(WeightStore& store, WeightSet& set);
    ~Activation();
    Activation(const Activation&) = delete;
    Activation& operator=(const Activation&) = delete;

   private:
    WeightStore& store_;
    WeightSet& previous_;
  };

 private:
  void activate(WeightSet& set);

  std::vector<ModelTensor> model_tensors_;
  std::vector<std::unique_ptr<WeightSet>> sets_;
  WeightSet* active_;
};

/// Keeps the buffers of a set and puts them back at the end of its life: an evaluation may
/// re-estimate BatchNorm statistics without touching those that training goes on with.
class [[nodiscard]] BufferKeeper {
 public:
  BufferKeeper(const WeightStore& store, WeightSet& set);
  ~BufferKeeper();
  BufferKeeper(const BufferKeeper&) = delete;
  BufferKeeper& operator=(const BufferKeeper&) = delete;

 private:
  std::vector<std::pair<at::Tensor, at::Tensor>> kept_;  // buffer, copy of its content
};

}  // namespace knack::host
