// SPDX-License-Identifier: MIT
// A model plugin as the host sees it, loaded and created without the host.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/models/model_host.hpp"

namespace knack::test {

inline knack_named_value_t option(std::string_view name, std::int64_t value) {
  return {{name.data(), name.size()}, {KNACK_VALUE_INT, 0, 0, {.i64 = value}}};
}

/// A model of a plugin of this build. Failures are thrown with the plugin's text.
class LoadedModel {
 public:
  LoadedModel(const std::string& plugin, std::string_view id,
              std::vector<knack_named_value_t> options = {}) {
    at::set_num_threads(1);  // tests run beside each other
    const knack_entry_t& entry = load(plugin);
    check(entry.init(host_.table()));
    knack_value_t map{KNACK_VALUE_MAP, 0, options.size(), {.entries = options.data()}};
    for (std::uint32_t i = 0; i < entry.descriptor_count; ++i) {
      const knack_descriptor_t* descriptor = entry.descriptor(i);
      if (descriptor->id != id) continue;
      schema_ = descriptor->schema_json;
      knack_instance_t* instance = nullptr;
      check(entry.create(i, host_.table(), &map, &instance));
      model_ = reinterpret_cast<knack_model_t*>(instance);
      return;
    }
    throw std::runtime_error("no model " + std::string(id));
  }
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;
  ~LoadedModel() {
    if (model_ != nullptr) model_->head.destroy(&model_->head);
  }

  static const knack_entry_t& load(const std::string& plugin) {
    const std::string path = KNACK_PLUGIN_DIRECTORY "/" + plugin + ".so";
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) throw std::runtime_error(dlerror());
    const void* entry = dlsym(library, KNACK_ENTRY_SYMBOL);
    if (entry == nullptr) throw std::runtime_error(path + " has no entry");
    return *static_cast<const knack_entry_t*>(entry);
  }

  const std::string& schema() const {
    return schema_;
  }

  at::Tensor forward(at::Tensor inputs) {
    const knack_value_t value{
        KNACK_VALUE_TENSOR, 0, 0, {.tensor = reinterpret_cast<knack_tensor_t*>(&inputs)}};
    knack_value_t outputs{};
    check(model_->forward(model_, &value, &outputs));
    if (outputs.tag != KNACK_VALUE_TENSOR) throw std::runtime_error("the outputs are no tensor");
    const std::unique_ptr<at::Tensor> owned(reinterpret_cast<at::Tensor*>(outputs.as.tensor));
    return *owned;
  }

  void set_training(bool training) {
    check(model_->set_training(model_, training ? 1 : 0));
  }

  std::vector<knack_model_tensor_t> tensors() {
    std::vector<knack_model_tensor_t> tensors(model_->tensor_count(model_));
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      tensors[i].struct_size = sizeof(tensors[i]);
      check(model_->get_tensor(model_, static_cast<std::int64_t>(i), &tensors[i]));
    }
    return tensors;
  }

  std::vector<knack_norm_layer_t> norm_layers() {
    std::vector<knack_norm_layer_t> layers(model_->norm_layer_count(model_));
    for (std::size_t i = 0; i < layers.size(); ++i) {
      layers[i].struct_size = sizeof(layers[i]);
      check(model_->get_norm_layer(model_, static_cast<std::int64_t>(i), &layers[i]));
    }
    return layers;
  }

  knack_model_t* abi() {
    return model_;
  }

  void check(std::int32_t status) const {
    if (status != KNACK_STATUS_OK) throw std::runtime_error(host_.error);
  }

 private:
  ModelHost host_;
  knack_model_t* model_ = nullptr;
  std::string schema_;
};

inline at::Tensor& tensor_of(knack_tensor_t* handle) {
  return *reinterpret_cast<at::Tensor*>(handle);
}

inline bool is_buffer(const knack_model_tensor_t& tensor) {
  return (tensor.flags & KNACK_MODEL_TENSOR_BUFFER) != 0;
}

inline std::int64_t parameter_count(LoadedModel& model) {
  std::int64_t count = 0;
  for (const knack_model_tensor_t& tensor : model.tensors()) {
    if (!is_buffer(tensor)) count += tensor_of(tensor.tensor_borrowed).numel();
  }
  return count;
}

}  // namespace knack::test
