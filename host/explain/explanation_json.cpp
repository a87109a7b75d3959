// SPDX-License-Identifier: MIT
#include "host/explain/explanation_json.hpp"

namespace knack::host {
namespace {

const char* kind_name(ValueOrigin::Kind kind) {
  switch (kind) {
    case ValueOrigin::Kind::host_default:
      return "default";
    case ValueOrigin::Kind::plugin_default:
      return "plugin_default";
    case ValueOrigin::Kind::base:
      return "base";
    case ValueOrigin::Kind::recipe:
      return "recipe";
    default:
      return "set";
  }
}

Json json_of(const ValueOrigin& origin) {
  Json json = {{"kind", kind_name(origin.kind)}, {"text", origin.text()}};
  if (origin.kind == ValueOrigin::Kind::plugin_default) json["plugin"] = origin.source;
  if (origin.line > 0) {
    json["file"] = origin.source;
    json["line"] = origin.line;
    json["column"] = origin.column;
  }
  return json;
}

Json json_of(const ResolvedValue& value) {
  Json json = {
      {"pointer", value.pointer}, {"value", value.value}, {"origin", json_of(value.origin)}};
  if (value.overridden) {
    json["overrides"] = {{"value", value.overridden->value},
                         {"origin", json_of(value.overridden->origin)}};
  }
  return json;
}

Json json_of(const RunNumbers& numbers) {
  return {{"train_samples", numbers.train_samples},
          {"valid_samples", numbers.valid_samples},
          {"test_samples", numbers.test_samples},
          {"batch_size", numbers.batch_size},
          {"window_micro_batches", numbers.window},
          {"window_asked_by", numbers.window_asker.empty() ? Json() : Json(numbers.window_asker)},
          {"effective_batch", numbers.effective_batch},
          {"samples_per_epoch", numbers.samples_per_epoch},
          {"micro_batches_per_epoch", numbers.micro_batches_per_epoch},
          {"steps_per_epoch", numbers.steps_per_epoch},
          {"last_step_samples", numbers.last_step_samples},
          {"epochs", numbers.epochs},
          {"total_steps", numbers.total_steps},
          {"evaluated_sets", numbers.evaluated_sets},
          {"valid_batches", numbers.valid_batches},
          {"evaluation_batches_per_epoch", numbers.evaluated_sets * numbers.valid_batches},
          {"trained_parameters", numbers.trained},
          {"frozen_parameters", numbers.frozen},
          {"buffer_elements", numbers.buffers}};
}

Json json_of(const FlopNumbers& flops) {
  return {{"forward_per_sample", flops.forward},
          {"backward_per_sample", flops.backward},
          {"step", flops.step},
          {"by_operator_per_sample", flops.by_operator},
          {"uncounted", flops.uncounted},
          {"counted_with_samples", flops.samples}};
}

Json json_of(const Conflict& conflict) {
  const bool is_error = conflict.severity == Conflict::Severity::error;
  return {{"severity", is_error ? "error" : "warning"},
          {"stage", conflict.stage},
          {"tricks", conflict.tricks},
          {"message", conflict.message}};
}

Json json_of(const ParameterFacts& parameter) {
  Json json = {
      {"name", parameter.name},   {"shape", parameter.shape}, {"elements", parameter.elements},
      {"dtype", parameter.dtype}, {"role", parameter.role},   {"layer", parameter.layer},
      {"set", Json::array()}};
  for (const SetOption& set : parameter.set) {
    json["set"].push_back({{"option", set.option},
                           {"value", set.value},
                           {"trick", set.trick},
                           {"reason", set.reason}});
  }
  return json;
}

Json json_of(const MemoryItem& item) {
  return {{"key", item.key}, {"name", item.name}, {"bytes", item.bytes}, {"how", item.how}};
}

Json json_of(const HookRow& row) {
  return {{"hook", row.hook}, {"reversed", row.is_reversed}, {"tricks", row.tricks}};
}

Json json_of(const MovedTrick& moved) {
  return {{"first", moved.first}, {"second", moved.second}, {"because", moved.because}};
}

Json json_of(const SetFacts& set) {
  return {{"name", set.name},
          {"publisher", set.publisher.empty() ? Json() : Json(set.publisher)},
          {"published", set.when}};
}

Json json_of(const Change& change) {
  return {{"what", change.what},
          {"set", change.set.empty() ? Json() : Json(change.set)},
          {"count", change.count},
          {"hooks", change.hooks}};
}

template <class Facts>
Json list_of(const std::vector<Facts>& all);

Json json_of(const TrickFacts& trick) {
  Json json = {
      {"name", trick.name},
      {"use", trick.id},
      {"version", trick.version},
      {"summary", trick.summary},
      {"place_in_recipe", trick.place_in_recipe},
      {"changed_options", trick.changed_options},
      {"hooks", trick.hooks},
      {"set_options", trick.set_options},
      {"publishes", trick.publishes},
      {"changes", list_of(trick.changes)},
      {"window_micro_batches", trick.micro_batches == 0 ? Json() : Json(trick.micro_batches)},
      {"norm_momentum_of_layers", trick.norm_momentum_of},
      {"kept_bytes", trick.kept_bytes},
      {"metrics", trick.metrics},
      {"facts", trick.facts},
      {"last_run", nullptr}};
  if (trick.last_run) {
    json["last_run"] = {{"seconds", trick.last_run->seconds},
                        {"share", trick.last_run->share},
                        {"facts", trick.last_run->facts}};
  }
  return json;
}

Json json_of(const GroupFacts& group);

template <class Facts>
Json list_of(const std::vector<Facts>& all) {
  Json list = Json::array();
  for (const Facts& facts : all) list.push_back(json_of(facts));
  return list;
}

Json json_of(const GroupFacts& group) {
  return {{"options", group.options},
          {"elements", group.elements},
          {"parameters", list_of(group.parameters)}};
}

}  // namespace

Json to_json(const Explanation& explanation) {
  Json json = {{"schema_version", 1},
               {"recipe_file", explanation.recipe_file},
               {"description", explanation.description},
               {"complete", explanation.is_complete},
               {"recipe", explanation.resolved},
               {"values", list_of(explanation.values)},
               {"conflicts", list_of(explanation.conflicts)},
               {"notes", explanation.notes}};
  if (!explanation.is_complete) return json;
  json["numbers"] = json_of(explanation.numbers);
  json["flops"] = explanation.flops ? json_of(*explanation.flops) : Json();
  json["memory"] = list_of(explanation.memory);
  json["hooks"] = list_of(explanation.hooks);
  json["moved"] = list_of(explanation.moved);
  json["groups"] = list_of(explanation.groups);
  json["frozen"] = list_of(explanation.frozen);
  json["weight_sets"] = list_of(explanation.sets);
  json["tricks"] = list_of(explanation.tricks);
  json["last_run"] = nullptr;
  if (explanation.last_run) {
    json["last_run"] = {{"folder", explanation.last_run->folder},
                        {"seconds", explanation.last_run->seconds},
                        {"chosen", explanation.last_run->chosen}};
  }
  return json;
}

}  // namespace knack::host
