// SPDX-License-Identifier: MIT
#include "host/plugin/kinds/model.hpp"

#include <unordered_set>
#include <utility>

#include "host/plugin/guard.hpp"
#include "host/plugin/tensor_handle.hpp"
#include "host/plugin/text.hpp"

namespace knack::host {
namespace {

constexpr std::int64_t kMostTensors = 1 << 20;

at::Tensor* usable(const Call& call, knack_tensor_t* handle, const std::string& name) {
  if (!is_usable(handle)) call.fail_check("a tensor for '" + name + "'", "none");
  return &tensor_of(handle);
}

}  // namespace

Model::Model(Instance&& instance) : Instance(std::move(instance)), slots_(slots<knack_model_t>()) {
  require_slot(slots_.set_training != nullptr, "set_training");
  require_slot(slots_.forward != nullptr, "forward");
  require_slot(slots_.tensor_count != nullptr, "tensor_count");
  require_slot(slots_.get_tensor != nullptr, "get_tensor");
  require_all_or_none({slots_.norm_layer_count != nullptr, slots_.get_norm_layer != nullptr,
                       slots_.set_norm_training != nullptr, slots_.set_norm_momentum != nullptr},
                      "norm_layer_count, get_norm_layer, set_norm_training, set_norm_momentum");
}

Value Model::forward(const Value& inputs) {
  const knack_value_t* borrowed = inputs_.show(inputs);
  knack_value_t outputs{};
  Call call(context(), "forward");
  call.run([&] { return slots_.forward(as<knack_model_t>(), borrowed, &outputs); });
  return call.take(outputs);
}

void Model::set_training(bool training) {
  Call call(context(), "set_training");
  call.run([&] { return slots_.set_training(as<knack_model_t>(), training ? 1 : 0); });
  training_ = training;
}

std::vector<ModelTensor> Model::tensors() const {
  Call call(context(), "get_tensor", ExitCode::plugin);
  const std::int64_t count = call.count([&] { return slots_.tensor_count(as<knack_model_t>()); });
  if (count > kMostTensors) call.fail_check("fewer tensors", std::to_string(count));
  std::vector<ModelTensor> tensors;
  std::unordered_set<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) {
    knack_model_tensor_t entry{};
    entry.struct_size = sizeof(entry);
    call.run([&] { return slots_.get_tensor(as<knack_model_t>(), i, &entry); });
    ModelTensor tensor;
    tensor.name = view(entry.name);
    tensor.role = view(entry.role);
    tensor.owner_kind = view(entry.owner_kind);
    tensor.is_buffer = (entry.flags & KNACK_MODEL_TENSOR_BUFFER) != 0;
    tensor.is_persistent = (entry.flags & KNACK_MODEL_TENSOR_NOT_PERSISTENT) == 0;
    tensor.tensor = *usable(call, entry.tensor_borrowed, tensor.name);
    if (tensor.name.empty() || !names.insert(tensor.name).second) {
      call.fail_check("a name of its own for every tensor", "'" + tensor.name + "'");
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

std::size_t Model::norm_layer_count() const {
  if (slots_.norm_layer_count == nullptr) return 0;
  Call call(context(), "norm_layer_count");
  const auto count = call.count([&] { return slots_.norm_layer_count(as<knack_model_t>()); });
  if (count > kMostTensors) call.fail_check("fewer layers", std::to_string(count));
  return static_cast<std::size_t>(count);
}

NormLayer Model::norm_layer(std::size_t index) const {
  knack_norm_layer_t entry{};
  entry.struct_size = sizeof(entry);
  Call call(context(), "get_norm_layer");
  call.run([&] {
    return slots_.get_norm_layer(as<knack_model_t>(), static_cast<std::int64_t>(index), &entry);
  });
  NormLayer layer;
  layer.name = view(entry.name);
  layer.kind = view(entry.kind);
  layer.channels = entry.channels;
  layer.momentum = entry.momentum;
  layer.training = entry.training != 0;
  layer.running_mean = usable(call, entry.running_mean_borrowed, layer.name + ".running_mean");
  layer.running_var = usable(call, entry.running_var_borrowed, layer.name + ".running_var");
  if (entry.num_batches_tracked_borrowed != nullptr) {
    layer.num_batches_tracked =
        usable(call, entry.num_batches_tracked_borrowed, layer.name + ".num_batches_tracked");
  }
  return layer;
}

void Model::set_norm_training(std::size_t index, bool training) const {
  Call call(context(), "set_norm_training");
  call.run([&] {
    return slots_.set_norm_training(as<knack_model_t>(), static_cast<std::int64_t>(index),
                                    training ? 1 : 0);
  });
}

void Model::set_norm_momentum(std::size_t index, double momentum) const {
  Call call(context(), "set_norm_momentum");
  call.run([&] {
    return slots_.set_norm_momentum(as<knack_model_t>(), static_cast<std::int64_t>(index),
                                    momentum);
  });
}

}  // namespace knack::host
