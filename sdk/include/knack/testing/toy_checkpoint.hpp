// SPDX-License-Identifier: MIT
// Saving a ToyFit in the middle, and going on with it. Part of toy_fit.hpp.
#pragma once

#include <knack/testing/toy_fit.hpp>

namespace knack::testing {

inline ToyState ToyFit::state() {
  if (trick_.head.state_save == nullptr) return {};
  knack_value_t saved{};
  ToyState result;
  host_.error.clear();
  const std::int32_t status = trick_.head.state_save(&trick_.head, &result.version, &saved);
  if (status != KNACK_STATUS_OK) throw HookFailure("state_save", status, host_.error);
  result.state = OwnedValue::copy(OwnedValue::take(saved).view().abi()[0]);
  if (!result.state.view().is_map()) {
    throw HookFailure("state_save", KNACK_STATUS_OK, "expected a map, found something else");
  }
  return result;
}

inline void ToyFit::load(const ToyState& saved) {
  if (saved.state.is_none()) return;
  if (trick_.head.state_load == nullptr) {
    throw HookFailure("state_load", KNACK_STATUS_OK, "the trick has no state to load");
  }
  host_.error.clear();
  const std::int32_t status =
      trick_.head.state_load(&trick_.head, saved.version, saved.state.abi());
  if (status != KNACK_STATUS_OK) throw HookFailure("state_load", status, host_.error);
}

inline ToyCheckpoint ToyFit::save() {
  begin();
  ToyCheckpoint checkpoint;
  checkpoint.trick = state();
  for (const auto& set : host_.weights.sets()) {
    checkpoint.set_names.push_back(set->name);
    for (std::size_t i = 0; i < host_.weights.size(); ++i) {
      checkpoint.sets[set->name].emplace(host_.weights.entry(i).name,
                                         host_.weights.tensor(*set, i)->clone());
    }
  }
  checkpoint.files = host_.files;
  checkpoint.momentum_buffers = optimizer_.buffers();
  for (const auto& group : optimizer_.groups()) checkpoint.group_options.push_back(group.options);
  for (const auto& layer : host_.norm_layers) checkpoint.norm_momenta.push_back(layer.momentum);
  checkpoint.random_state = host_.random_state;
  checkpoint.counters = counters_;
  checkpoint.in_epoch = in_epoch_;
  checkpoint.is_stopped = is_stopped_;
  checkpoint.batches_done = batches_done_;
  checkpoint.steps_before_epoch = steps_before_epoch_;
  return checkpoint;
}

inline void ToyFit::resume(const ToyCheckpoint& checkpoint) {
  begin();
  host_.files = checkpoint.files;
  for (const std::string& name : checkpoint.set_names) {
    FakeWeightSet* set = host_.weights.find(name);
    if (set == nullptr) set = &host_.weights.publish(name);
    const auto& saved = checkpoint.sets.at(name);
    for (std::size_t i = 0; i < host_.weights.size(); ++i) {
      fake::copy_elements(saved.at(std::string(host_.weights.entry(i).name)),
                          *host_.weights.tensor(*set, i));
    }
  }
  if (checkpoint.group_options.size() != optimizer_.groups().size()) {
    throw std::runtime_error("the checkpoint has other groups of parameters than this fit");
  }
  for (std::size_t i = 0; i < optimizer_.groups().size(); ++i) {
    optimizer_.groups()[i].options = checkpoint.group_options[i];
  }
  for (std::size_t i = 0; i < host_.norm_layers.size(); ++i) {
    host_.norm_layers[i].momentum = checkpoint.norm_momenta.at(i);
  }
  optimizer_.buffers() = checkpoint.momentum_buffers;
  host_.random_state = checkpoint.random_state;
  const std::int64_t planned = counters_.total_epochs;
  counters_ = checkpoint.counters;
  counters_.total_epochs = planned;
  in_epoch_ = checkpoint.in_epoch;
  is_stopped_ = checkpoint.is_stopped;
  batches_done_ = checkpoint.batches_done;
  steps_before_epoch_ = checkpoint.steps_before_epoch;
  load(checkpoint.trick);
}

/// Whether two things are the same, and where they differ if not.
struct Comparison {
  std::string difference;

  explicit operator bool() const {
    return difference.empty();
  }
};

namespace fake {

inline bool same_bits(const FakeTensor& a, const FakeTensor& b) {
  const FakeTensor first = a.clone();
  const FakeTensor second = b.clone();
  return first.dtype == second.dtype && first.sizes == second.sizes &&
         std::memcmp(first.data(), second.data(),
                     static_cast<std::size_t>(first.numel()) * element_size(first.dtype)) == 0;
}

inline Comparison compare_sets(FakeHost& a, FakeHost& b) {
  if (a.weights.sets().size() != b.weights.sets().size()) return {"not the same weight sets"};
  for (const auto& set : a.weights.sets()) {
    FakeWeightSet* other = b.weights.find(set->name);
    if (other == nullptr) return {"weight set \"" + set->name + "\" is missing"};
    for (std::size_t i = 0; i < a.weights.size(); ++i) {
      if (!same_bits(*a.weights.tensor(*set, i), *b.weights.tensor(*other, i))) {
        return {std::string(a.weights.entry(i).name) + " of weight set \"" + set->name + "\""};
      }
    }
  }
  return {};
}

}  // namespace fake

/// Runs the trick once without a break, and once in two processes with a break after `steps`
/// optimizer steps. Both must end with the same bits in all weight sets and the same metrics:
///
///   const auto same = resume_equals_unbroken(knack_plugin_v1, "acme.lookahead", {{"every", 2}}, 9);
///   EXPECT_TRUE(same) << same.difference;
inline Comparison resume_equals_unbroken(const knack_entry_t& entry, std::string_view id,
                                         const Value::Map& options, std::int64_t steps,
                                         const ToyPlan& plan = {}) {
  FakeHost unbroken_host;
  const auto unbroken_trick = unbroken_host.create<knack_trick_t>(entry, id, options);
  ToyFit unbroken(unbroken_host, *unbroken_trick, plan);
  unbroken.run();

  FakeHost first_host;
  const auto first_trick = first_host.create<knack_trick_t>(entry, id, options);
  ToyFit first(first_host, *first_trick, plan);
  first.run(steps);
  const ToyCheckpoint checkpoint = first.save();

  FakeHost second_host;
  const auto second_trick = second_host.create<knack_trick_t>(entry, id, options);
  ToyFit second(second_host, *second_trick, plan);
  second.resume(checkpoint);
  if (second.state().text() != checkpoint.trick.text()) {
    return {"what is saved right after a load: " + second.state().text() + " instead of " +
            checkpoint.trick.text()};
  }
  second.run();
  Comparison result = fake::compare_sets(unbroken_host, second_host);
  if (result && unbroken.state().text() != second.state().text()) {
    result.difference =
        "the state at the end: " + second.state().text() + " instead of " + unbroken.state().text();
  }
  return result;
}

}  // namespace knack::testing
