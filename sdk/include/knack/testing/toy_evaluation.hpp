// SPDX-License-Identifier: MIT
// The evaluations of ToyFit, and passes over its data. Part of toy_fit.hpp.
#pragma once

#include <knack/testing/toy_fit.hpp>

namespace knack::testing {

namespace fake {

/// Puts the buffers of a set back, and the set before it into the model.
class ActiveSet {
 public:
  ActiveSet(FakeWeightStore& store, FakeWeightSet& set)
      : store_(store), set_(set), previous_(store.active()) {
    for (std::size_t i = 0; i < store_.size(); ++i) {
      if ((store_.entry(i).flags & KNACK_WEIGHT_BUFFER) == 0) continue;
      buffers_.emplace_back(i, store_.tensor(set, i)->clone());
    }
    store_.activate(set);
  }
  ActiveSet(const ActiveSet&) = delete;
  ActiveSet& operator=(const ActiveSet&) = delete;
  ~ActiveSet() {
    for (const auto& [index, buffer] : buffers_) {
      copy_elements(buffer, *store_.tensor(set_, index));
    }
    store_.activate(previous_);
  }

 private:
  FakeWeightStore& store_;
  FakeWeightSet& set_;
  FakeWeightSet& previous_;
  std::vector<std::pair<std::size_t, FakeTensor>> buffers_;
};

inline OwnedValue value_of(const std::map<std::string, double>& numbers) {
  std::vector<knack_named_value_t> entries;
  for (const auto& [name, number] : numbers) {
    knack_named_value_t& entry = entries.emplace_back();
    entry.name = lend_text(name);
    entry.value.tag = KNACK_VALUE_FLOAT;
    entry.value.as.f64 = number;
  }
  knack_value_t map{};
  map.tag = KNACK_VALUE_MAP;
  map.count = entries.size();
  map.as.entries = entries.data();
  return OwnedValue::copy(map);
}

}  // namespace fake

inline void ToyFit::evaluate_all(bool is_final) {
  const auto& sets = host_.weights.sets();
  for (std::size_t i = 0; i < sets.size(); ++i) {
    metrics_[sets[i]->name] = evaluate_set(*sets[i], is_final, false);
  }
}

inline std::map<std::string, double> ToyFit::evaluate_set(FakeWeightSet& set, bool is_final,
                                                          bool is_trial) {
  if (is_evaluating_) {
    throw Error(KNACK_STATUS_FAILED,
                "an evaluation was asked for during an evaluation; ask in after_step, epoch_end or "
                "fit_end");
  }
  const std::unique_ptr<bool, void (*)(bool*)> busy(&is_evaluating_,
                                                    [](bool* flag) { *flag = false; });
  is_evaluating_ = true;
  const fake::ActiveSet active(host_.weights, set);
  knack_hook_context_t context = counters_;
  context.weight_set = fake::lend_text(set.name);
  context.split = fake::lend_text("valid");
  context.is_final = is_final ? 1 : 0;
  context.is_trial = is_trial ? 1 : 0;
  hooks_.call(fake::kEvalBegin, context);
  const std::map<std::string, double> found = measure();
  if (is_trial) return found;  // the trick that asked has the metrics already
  const OwnedValue shown = fake::value_of(found);
  context.metrics_borrowed = shown.abi();
  context.monitored = found.at("top1");
  hooks_.call(fake::kEvalEnd, context);
  return found;
}

inline std::map<std::string, double> ToyFit::measure() {
  const ToyData::Batch batch = valid_.batch(valid_.order(0));
  const ToyModel::Activations activations = model_.forward(batch.inputs.tensor(), Mode::evaluate);
  const FakeTensor outputs =
      tensor_from(activations.outputs, KNACK_DTYPE_FLOAT32, {activations.samples, kToyClasses});
  const ToyLoss loss = toy_loss(outputs, batch.targets.tensor());
  return {{"loss", loss.mean},
          {"top1", static_cast<double>(loss.right) / static_cast<double>(activations.samples)}};
}

inline OwnedValue ToyFit::evaluate(FakeWeightSet& set) {
  if (!has_begun_) {
    throw Error(KNACK_STATUS_UNSUPPORTED,
                "an evaluation was asked for in fit_begin; ask after it, such as in epoch_begin");
  }
  return fake::value_of(evaluate_set(set, false, true));
}

inline std::int64_t ToyFit::pass(std::int64_t samples, const BatchCallback& on_batch) {
  std::vector<std::int64_t> order = data_.order(1);
  if (samples > 0 && samples < data_.size()) order.resize(static_cast<std::size_t>(samples));
  const auto size = static_cast<std::int64_t>(order.size());
  for (std::int64_t first = 0; first < size; first += plan_.batch_size) {
    const std::int64_t count = std::min(plan_.batch_size, size - first);
    const ToyData::Batch batch =
        data_.batch({order.begin() + first, order.begin() + first + count});
    on_batch(batch.inputs, batch.targets, count);
  }
  return size;
}

inline std::int64_t ToyFit::observe(std::int64_t samples, const InputCallback& on_input) {
  return pass(samples, [&](const OwnedValue& inputs, const OwnedValue&, std::int64_t) {
    const ToyModel::Activations activations = model_.forward(inputs.tensor(), Mode::observe);
    if (!host_.norm_layers.front().is_training) return;
    on_input(0, tensor_from(activations.linear, KNACK_DTYPE_FLOAT32,
                            {activations.samples, kToyClasses}));
  });
}

inline std::vector<float> ToyFit::live(std::string_view tensor) {
  const auto tensors = set(KNACK_WEIGHTS_LIVE);
  const auto found = tensors.find(std::string(tensor));
  if (found == tensors.end()) {
    throw std::runtime_error("the toy model has no \"" + std::string(tensor) + "\"");
  }
  return found->second;
}

inline std::map<std::string, std::vector<float>> ToyFit::set(std::string_view name) {
  FakeWeightSet* found = host_.weights.find(name);
  if (found == nullptr) {
    throw std::runtime_error("nobody published a weight set \"" + std::string(name) + "\"");
  }
  std::map<std::string, std::vector<float>> tensors;
  for (std::size_t i = 0; i < host_.weights.size(); ++i) {
    tensors.emplace(host_.weights.entry(i).name, elements<float>(*host_.weights.tensor(*found, i)));
  }
  return tensors;
}

inline const std::map<std::string, double>& ToyFit::metrics(const std::string& set_name) const {
  const auto found = metrics_.find(set_name);
  if (found == metrics_.end()) {
    throw std::runtime_error("no weight set \"" + set_name + "\" was evaluated");
  }
  return found->second;
}

}  // namespace knack::testing
