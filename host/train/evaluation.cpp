// SPDX-License-Identifier: MIT
#include "host/train/evaluation.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "host/common/error.hpp"

namespace knack::host {
namespace {

knack_string_t text(const std::string& string) {
  return {string.data(), string.size()};
}

Metrics numbers_of(const Value& value) {
  Metrics metrics;
  if (const auto* map = value.get_if<Value::Map>()) {
    for (const NamedValue& entry : *map) {
      if (const std::optional<double> number = entry.value.number()) {
        metrics[entry.name] = *number;
      }
    }
  }
  return metrics;
}

}  // namespace

Metrics measure(Model& model, Objective& objective, Loader& loader, const Placement& placement) {
  const at::NoGradGuard no_grad;
  double loss_sum = 0.0;
  double weight_sum = 0.0;
  const bool has_metrics = objective.has_metrics();
  if (has_metrics) {
    objective.metrics_begin();
  }
  loader.start_epoch(0);
  while (std::optional<Batch> batch = loader.next()) {
    const Value inputs = placement.place(batch->inputs);
    const Value targets = placement.place(batch->targets);
    const AutocastScope autocast(placement.device(), placement.autocast());
    const Value outputs = model.forward(inputs);
    if (has_metrics) {
      objective.metrics_update(outputs, targets);
    } else {
      const double weight = objective.weight(targets, batch->samples);
      loss_sum += objective.loss(outputs, targets).item<double>() * weight;
      weight_sum += weight;
    }
  }
  return has_metrics ? numbers_of(objective.metrics_result())
                     : Metrics{{"loss", loss_sum / weight_sum}};
}

bool is_better(double candidate, double incumbent, bool higher_is_better) {
  if (std::isnan(candidate) || std::isnan(incumbent)) {
    return !std::isnan(candidate);
  }
  return higher_is_better ? candidate > incumbent : candidate < incumbent;
}

EvaluationScope::EvaluationScope(WeightStore& store, WeightSet& set, Model& model, Hooks& hooks,
                                 knack_hook_context_t context)
    : model_(model),
      hooks_(hooks),
      context_(context),
      keeper_(store, set),
      activation_(store, set) {
  static const std::string kSplit = "valid";
  model_.set_training(false);
  context_.weight_set = text(set.name);
  context_.split = text(kSplit);
  knack_hook_context_t begin = context_;
  hooks_.call(Hook::eval_begin, begin);
}

EvaluationScope::~EvaluationScope() = default;

void EvaluationScope::finish(const Metrics& metrics, const TrainerOptions& options) {
  std::vector<knack_named_value_t> entries;
  for (const auto& [name, number] : metrics) {
    knack_value_t value{};
    value.tag = KNACK_VALUE_FLOAT;
    value.as.f64 = number;
    entries.push_back({text(name), value});
  }
  knack_value_t map{};
  map.tag = KNACK_VALUE_MAP;
  map.count = entries.size();
  map.as.entries = entries.data();

  const auto monitored = metrics.find(options.monitor);
  if (monitored == metrics.end()) {
    std::string known;
    for (const auto& [name, value] : metrics) {
      known += (known.empty() ? "`" : ", `") + name + "`";
    }
    throw Error(ExitCode::recipe, "trainer.monitor: expected a metric of the objective (" + known +
                                      "), found `" + options.monitor + "`");
  }
  knack_hook_context_t end = context_;
  end.metrics_borrowed = &map;
  end.monitor = text(options.monitor);
  end.monitored = monitored->second;
  end.higher_is_better = options.mode == "max" ? 1 : 0;
  hooks_.call(Hook::eval_end, end);
}

}  // namespace knack::host
