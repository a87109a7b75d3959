// SPDX-License-Identifier: MIT
// Calls models, datasets, objectives and optimizers as a host does, for their unit tests. Includes
// fake_host.hpp.
//
//   knack::testing::FakeHost host;
//   auto model = host.create<knack_model_t>(knack_plugin_v1, "acme.mlp");
//   auto logits = knack::testing::forward(host, *model, inputs);
//
// All functions throw std::runtime_error with the plugin's text when it fails.
#pragma once

#include <knack/abi/kinds/model.h>
#include <knack/testing/fake_host.hpp>

namespace knack::testing {

/// The outputs of a model.
inline OwnedValue forward(FakeHost& host, knack_model_t& model, const Value& inputs,
                          bool training = false) {
  const OwnedValue lent = OwnedValue::copy(inputs.lend(host.abi()));
  knack_value_t outputs{};
  host.error.clear();
  host.expect_ok(model.set_training(&model, training ? 1 : 0));
  host.expect_ok(model.forward(&model, lent.abi(), &outputs));
  return OwnedValue::take(outputs);
}

/// One parameter or buffer of a model.
struct ListedTensor {
  std::string name;
  std::string role;
  std::string owner_kind;
  std::uint32_t flags;  ///< KNACK_MODEL_TENSOR_*
  knack_tensor_t* handle;
};

/// Parameters and buffers as the model lists them.
inline std::vector<ListedTensor> tensors_of(FakeHost& host, knack_model_t& model) {
  host.error.clear();
  const std::int64_t count = model.tensor_count(&model);
  if (count < 0) host.expect_ok(KNACK_STATUS_FAILED);
  std::vector<ListedTensor> tensors;
  for (std::int64_t i = 0; i < count; ++i) {
    knack_model_tensor_t empty{};
    empty.struct_size = sizeof(empty);
    LentStruct<knack_model_tensor_t> room(host, empty);
    host.expect_ok(model.get_tensor(&model, i, room.get()));
    room.check_tail();
    const knack_model_tensor_t found = room.read();
    tensors.push_back({fake::text_of(found.name), fake::text_of(found.role),
                       fake::text_of(found.owner_kind), found.flags, found.tensor_borrowed});
  }
  return tensors;
}

struct DrivenBatch {
  OwnedValue inputs;
  OwnedValue targets;
};

/// Samples of a dataset. `epoch` is from 1 in training.
inline DrivenBatch batch(FakeHost& host, knack_dataset_t& dataset,
                         const std::vector<std::int64_t>& indices, std::int64_t epoch = 0,
                         std::uint64_t seed = 1) {
  knack_batch_request_t request{};
  request.struct_size = sizeof(request);
  request.epoch = epoch;
  request.seed = seed;
  request.indices_borrowed = indices.data();
  request.count = static_cast<std::int64_t>(indices.size());
  LentStruct<knack_batch_request_t> lent(host, request);
  knack_value_t inputs{};
  knack_value_t targets{};
  host.error.clear();
  host.expect_ok(dataset.batch(&dataset, lent.get(), &inputs, &targets));
  return {OwnedValue::take(inputs), OwnedValue::take(targets)};
}

inline std::int64_t length(FakeHost& host, knack_dataset_t& dataset) {
  std::int64_t samples = 0;
  host.error.clear();
  host.expect_ok(dataset.length(&dataset, &samples));
  return samples;
}

/// The facts of a dataset; none when it does not tell any.
inline OwnedValue describe(FakeHost& host, knack_dataset_t& dataset) {
  if (dataset.describe == nullptr) return {};
  knack_value_t facts{};
  host.error.clear();
  host.expect_ok(dataset.describe(&dataset, &facts));
  return OwnedValue::take(facts);
}

/// The loss of one batch.
inline double loss(FakeHost& host, knack_objective_t& objective, const Value& outputs,
                   const Value& targets) {
  const OwnedValue lent_outputs = OwnedValue::copy(outputs.lend(host.abi()));
  const OwnedValue lent_targets = OwnedValue::copy(targets.lend(host.abi()));
  knack_tensor_t* result = nullptr;
  host.error.clear();
  host.expect_ok(objective.loss(&objective, lent_outputs.abi(), lent_targets.abi(), &result));
  const Tensor owned = Tensor::take(result);
  const FakeTensor& tensor = fake_tensor(result);
  if (!tensor.sizes.empty()) throw std::runtime_error("expected a loss without dimensions");
  return tensor.get(0);
}

/// The metrics of one evaluation over the batches (outputs, targets).
inline OwnedValue metrics(FakeHost& host, knack_objective_t& objective,
                          const std::vector<std::pair<Value, Value>>& batches) {
  if (objective.metrics_begin == nullptr) return {};
  host.error.clear();
  host.expect_ok(objective.metrics_begin(&objective));
  for (const auto& [outputs, targets] : batches) {
    const OwnedValue lent_outputs = OwnedValue::copy(outputs.lend(host.abi()));
    const OwnedValue lent_targets = OwnedValue::copy(targets.lend(host.abi()));
    host.expect_ok(objective.metrics_update(&objective, lent_outputs.abi(), lent_targets.abi()));
  }
  knack_value_t result{};
  host.expect_ok(objective.metrics_result(&objective, &result));
  return OwnedValue::take(result);
}

/// An optimizer with its parameters, which live here.
class OptimizerDriver {
 public:
  OptimizerDriver(FakeHost& host, knack_optimizer_t& optimizer)
      : host_(host), optimizer_(optimizer) {}

  /// A group of float32 vectors; `options` are those that differ from the optimizer's own.
  void add_group(const std::map<std::string, std::vector<float>>& params, Value::Map options = {}) {
    Group& group = groups_.emplace_back();
    for (const auto& [name, numbers] : params) {
      group.names.push_back(name);
      group.params.emplace_back(tensor_from(numbers, KNACK_DTYPE_FLOAT32));
    }
    std::vector<knack_tensor_t*> handles;
    std::vector<knack_string_t> names;
    for (const LentTensor& param : group.params) handles.push_back(param.handle());
    for (const std::string& name : group.names) names.push_back(fake::lend_text(name));
    const OwnedValue map = OwnedValue::copy(Value(std::move(options)).lend(host_.abi()));
    knack_param_group_t abi{};
    abi.struct_size = sizeof(abi);
    abi.count = handles.size();
    abi.params_borrowed = handles.data();
    abi.names_borrowed = names.data();
    abi.options_borrowed = map.abi();
    LentStruct<knack_param_group_t> lent(host_, abi);
    host_.error.clear();
    host_.expect_ok(optimizer_.add_group(&optimizer_, lent.get()));
  }

  /// One step; a parameter that `gradients` does not name has none.
  void step(const std::map<std::string, std::vector<float>>& gradients) {
    std::vector<LentTensor> tensors;
    std::vector<std::vector<knack_tensor_t*>> handles;
    for (const Group& group : groups_) {
      std::vector<knack_tensor_t*>& row = handles.emplace_back();
      for (const std::string& name : group.names) {
        const auto found = gradients.find(name);
        const bool has_one = found != gradients.end();
        if (has_one) tensors.emplace_back(tensor_from(found->second, KNACK_DTYPE_FLOAT32));
        row.push_back(has_one ? tensors.back().handle() : nullptr);
      }
    }
    std::vector<knack_tensor_t* const*> rows;
    for (const auto& row : handles) rows.push_back(row.data());
    knack_optimizer_step_t abi{};
    abi.struct_size = sizeof(abi);
    abi.group_count = rows.size();
    abi.gradients_borrowed = rows.data();
    LentStruct<knack_optimizer_step_t> lent(host_, abi);
    host_.error.clear();
    host_.expect_ok(optimizer_.step(&optimizer_, lent.get()));
  }

  /// What a parameter is now.
  [[nodiscard]] std::vector<float> operator[](const std::string& name) const {
    for (const Group& group : groups_) {
      for (std::size_t i = 0; i < group.names.size(); ++i) {
        if (group.names[i] == name) return elements<float>(*group.params[i]);
      }
    }
    throw std::runtime_error("no parameter \"" + name + "\" was added");
  }

  double option(std::uint64_t group, std::string_view name) {
    double value = 0;
    host_.error.clear();
    host_.expect_ok(optimizer_.get_option(&optimizer_, group, fake::lend_text(name), &value));
    return value;
  }
  void set_option(std::uint64_t group, std::string_view name, double value) {
    host_.error.clear();
    host_.expect_ok(optimizer_.set_option(&optimizer_, group, fake::lend_text(name), value));
  }

 private:
  struct Group {
    std::vector<std::string> names;
    std::vector<LentTensor> params;
  };

  FakeHost& host_;
  knack_optimizer_t& optimizer_;
  std::deque<Group> groups_;
};

/// What an instance of any kind saves. `head` is &instance->head.
inline ToyState save_state(FakeHost& host, knack_instance_t* head) {
  if (head->state_save == nullptr) return {};
  ToyState saved;
  knack_value_t state{};
  host.error.clear();
  host.expect_ok(head->state_save(head, &saved.version, &state));
  saved.state = OwnedValue::copy(*OwnedValue::take(state).abi());
  return saved;
}
inline void load_state(FakeHost& host, knack_instance_t* head, const ToyState& saved) {
  host.error.clear();
  host.expect_ok(head->state_load(head, saved.version, saved.state.abi()));
}

}  // namespace knack::testing
