// SPDX-License-Identifier: MIT
#include "host/train/evaluation.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "host/plugin/text.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/train/keepers.hpp"

namespace knack::host {
namespace {

const std::string kValid = "valid";

/// Sets a flag for as long as it lives.
class Busy {
 public:
  explicit Busy(bool& flag) : flag_(flag) {
    flag_ = true;
  }
  ~Busy() {
    flag_ = false;
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  bool& flag_;
};

Metrics numbers_of(const Value& value) {
  Metrics metrics;
  if (const auto* map = value.get_if<Value::Map>()) {
    for (const NamedValue& entry : *map) {
      if (const std::optional<double> number = entry.value.number()) metrics[entry.name] = *number;
    }
  }
  return metrics;
}

}  // namespace

Metrics measure(Model& model, Objective& objective, Loader& loader, const Placement& placement,
                const OnBatch& on_batch) {
  const at::NoGradGuard no_grad;
  double loss_sum = 0.0;
  double weight_sum = 0.0;
  const bool has_metrics = objective.has_metrics();
  if (has_metrics) objective.metrics_begin();
  loader.start_epoch(0);
  while (std::optional<Batch> batch = loader.next()) {
    const Value inputs = placement.place(batch->inputs);
    const Value targets = placement.place(batch->targets);
    const AutocastScope autocast(placement.device(), placement.autocast());
    const Value outputs = model.forward(inputs);
    if (on_batch) on_batch(*batch, outputs);
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
  if (std::isnan(candidate) || std::isnan(incumbent)) return !std::isnan(candidate);
  return higher_is_better ? candidate > incumbent : candidate < incumbent;
}

Error unknown_monitor(const std::string& monitor, const Metrics& metrics) {
  std::vector<std::string> known;
  for (const auto& [name, value] : metrics) known.push_back(name);
  Diagnostic problem{.id = "E0341",
                     .sentence = "trainer.monitor: expected a metric of the objective (" +
                                 backticked_list(known) + "), found " + backticked(monitor),
                     .helps = suggestions(monitor, known),
                     .subject = "trainer.monitor"};
  if (problem.helps.empty()) problem.helps.emplace_back("name one of these");
  return Error(problem);
}

Evaluator::Evaluator(FitParts& parts, Hooks& hooks, const TrainerOptions& options)
    : parts_(parts), hooks_(hooks), options_(options) {}

void Evaluator::try_out() {
  const RandomStreamKeeper random_stream;
  const EvaluationMode evaluation(*parts_.model);
  const Metrics metrics =
      measure(*parts_.model, *parts_.objective, *parts_.make_trial(), parts_.placement);
  if (metrics.count(options_.monitor) != 0) return;
  throw unknown_monitor(options_.monitor, metrics);
}

Metrics Evaluator::evaluate(WeightSet& set, const knack_hook_context_t& context,
                            const EvaluationOptions& options) {
  if (busy_) {
    throw Error("E0601",
                "an evaluation was asked for during an evaluation; ask in "
                "after_step, epoch_end or fit_end");
  }
  const Busy busy(busy_);
  const EvaluationMode evaluation(*parts_.model);
  const BufferKeeper buffers(*parts_.weights, set);
  const WeightStore::Activation active(*parts_.weights, set);
  knack_hook_context_t begin = context;
  begin.weight_set = lend(set.name);
  begin.split = lend(kValid);
  begin.is_trial = options.asker.empty() ? 0 : 1;
  knack_hook_context_t end = begin;
  hooks_.call(Hook::eval_begin, begin);
  const Metrics metrics = measure(*parts_.model, *parts_.objective, *parts_.valid.loader,
                                  parts_.placement, options.on_batch);
  tell(metrics, end, options.asker);
  if (options.while_active) options.while_active();
  return metrics;
}

void Evaluator::tell(const Metrics& metrics, knack_hook_context_t context, std::string_view asker) {
  Value::Map map;
  for (const auto& [name, value] : metrics) {
    map.push_back({name, value});
  }
  const Value value(std::move(map));
  const BorrowedValue shown(value);
  context.metrics_borrowed = shown.get();
  const auto monitored = metrics.find(options_.monitor);
  context.monitored =
      monitored == metrics.end() ? std::numeric_limits<double>::quiet_NaN() : monitored->second;
  hooks_.call(Hook::eval_end, context, nullptr, asker);
}

}  // namespace knack::host
