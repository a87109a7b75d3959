// SPDX-License-Identifier: MIT
#include "host/plugin/kinds/objective.hpp"

#include <cmath>
#include <utility>

#include "host/plugin/guard.hpp"

namespace knack::host {

Objective::Objective(Instance&& instance)
    : Instance(std::move(instance)), slots_(slots<knack_objective_t>()) {
  require_slot(slots_.loss != nullptr, "loss");
  require_all_or_none({slots_.metrics_begin != nullptr, slots_.metrics_update != nullptr,
                       slots_.metrics_result != nullptr},
                      "metrics_begin, metrics_update, metrics_result");
}

at::Tensor Objective::loss(const Value& outputs, const Value& targets) {
  const knack_value_t* borrowed_outputs = outputs_.show(outputs);
  const knack_value_t* borrowed_targets = targets_.show(targets);
  knack_tensor_t* handle = nullptr;
  Call call(context(), "loss");
  call.run([&] {
    return slots_.loss(as<knack_objective_t>(), borrowed_outputs, borrowed_targets, &handle);
  });
  return call.take_loss(handle);
}

double Objective::weight(const Value& targets, std::int64_t samples) {
  if (slots_.weight == nullptr) return static_cast<double>(samples);
  const knack_value_t* borrowed = targets_.show(targets);
  double weight = 0.0;
  Call call(context(), "weight");
  call.run([&] { return slots_.weight(as<knack_objective_t>(), borrowed, &weight); });
  if (!std::isfinite(weight) || weight < 0.0) {
    call.fail_check("a finite weight of 0 or more", std::to_string(weight));
  }
  return weight;
}

void Objective::metrics_begin() const {
  Call call(context(), "metrics_begin");
  call.run([&] { return slots_.metrics_begin(as<knack_objective_t>()); });
}

void Objective::metrics_update(const Value& outputs, const Value& targets) {
  const knack_value_t* borrowed_outputs = outputs_.show(outputs);
  const knack_value_t* borrowed_targets = targets_.show(targets);
  Call call(context(), "metrics_update");
  call.run([&] {
    return slots_.metrics_update(as<knack_objective_t>(), borrowed_outputs, borrowed_targets);
  });
}

Value Objective::metrics_result() const {
  knack_value_t metrics{};
  Call call(context(), "metrics_result");
  call.run([&] { return slots_.metrics_result(as<knack_objective_t>(), &metrics); });
  Value taken = call.take(metrics);
  const auto* map = taken.get_if<Value::Map>();
  if (map == nullptr) call.fail_check("a map", "another value");
  for (const NamedValue& metric : *map) {
    if (!metric.value.number()) call.fail_check("a number for '" + metric.name + "'", "none");
  }
  return taken;
}

}  // namespace knack::host
