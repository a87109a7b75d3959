// SPDX-License-Identifier: MIT
#include "host/train/fit.hpp"

#include <ATen/ATen.h>
#include <knack/abi/ext/log.h>

#include <filesystem>
#include <utility>

#include "host/common/error.hpp"
#include "host/plugin/text.hpp"
#include "host/services/log_sink.hpp"
#include "host/train/norm_pass.hpp"

namespace knack::host {
namespace {

HostServices& prepared(HostServices& services, const TrainerOptions& options) {
  services.seed = static_cast<std::uint64_t>(options.seed);
  services.check_plugins = options.check_plugins;
  return services;
}

}  // namespace

Fit::Fit(const Recipe& recipe, const Registry& registry, HostServices& services,
         const RunFolder* folder)
    : recipe_(recipe),
      services_(services),
      folder_(folder),
      parts_(recipe, registry, prepared(services, recipe.trainer)),
      hooks_(std::move(parts_.tricks)),
      evaluator_(parts_, hooks_, recipe.trainer),
      param_options_(parts_.parameters) {
  services_.fit = this;
}

Fit::~Fit() {
  services_.fit = nullptr;
}

void Fit::begin() {
  knack_hook_context_t context = this->context();
  hooks_.call(Hook::fit_begin, context);
  make_loop();
}

void Fit::make_loop() {
  make_groups();
  const auto warn = [this](const std::string& text) {
    if (services_.log != nullptr) services_.log->write("trainer", KNACK_LOG_WARNING, text);
  };
  loop_ = std::make_unique<Loop>(
      LoopParts{*parts_.model, *parts_.objective, *parts_.optimizer, *parts_.train.loader, hooks_,
                parts_.placement, group_params_, warn},
      recipe_.trainer);
}

knack_hook_context_t Fit::context() const {
  return loop_ ? loop_->context()
               : Loop::context({.total_epochs = recipe_.trainer.epochs}, recipe_.trainer);
}

void Fit::make_groups() {
  groups_ = param_options_.make_groups();
  if (groups_.empty()) {
    throw Error("E0601", "model `" + recipe_.model.use +
                             "`: expected at least one parameter to train, found none");
  }
  for (const OptionGroup& group : groups_) {
    ParamGroup handed;
    std::vector<at::Tensor>& tensors = group_params_.emplace_back();
    for (const std::size_t i : group.parameters) {
      handed.params.push_back(&parts_.parameters[i].tensor);
      handed.names.push_back(parts_.parameters[i].name);
      tensors.push_back(parts_.parameters[i].tensor);
    }
    for (const auto& [option, value] : group.options) {
      handed.options.push_back({option, value});
    }
    parts_.optimizer->add_group(handed);
  }
}

std::vector<const Instance*> Fit::instances() const {
  std::vector<const Instance*> instances = {parts_.model.get(), parts_.train.dataset.get(),
                                            parts_.valid.dataset.get()};
  if (parts_.test) instances.push_back(parts_.test->dataset.get());
  instances.insert(instances.end(), {parts_.objective.get(), parts_.optimizer.get()});
  for (const Trick& trick : hooks_.tricks()) instances.push_back(&trick);
  return instances;
}

Value Fit::save_notes() const {
  Value::Map reported;
  for (const auto& [name, number] : reported_) reported.push_back({name, number});
  Value::Map facts;
  for (const auto& [instance, json] : facts_) facts.push_back({instance, Value::from_json(json)});
  Value::Map seconds;
  for (std::size_t i = 0; i < hooks_.tricks().size(); ++i) {
    seconds.push_back({hooks_.tricks()[i].name(), hooks_.seconds(i)});
  }
  Value::Map taken_seconds;
  for (const auto& [instance, taken] : taken_seconds_) taken_seconds.push_back({instance, taken});
  return Value::Map{{"reported", std::move(reported)},
                    {"facts", std::move(facts)},
                    {"seconds", std::move(seconds)},
                    {"taken_seconds", std::move(taken_seconds)}};
}

void Fit::load_notes(const Value& saved) {
  reported_.clear();
  facts_.clear();
  for (const NamedValue& entry : *saved.find("reported")->get_if<Value::Map>()) {
    reported_[entry.name] = *entry.value.number();
  }
  for (const NamedValue& entry : *saved.find("facts")->get_if<Value::Map>()) {
    facts_[entry.name] = entry.value.to_json();
  }
  for (std::size_t i = 0; i < hooks_.tricks().size(); ++i) {
    const Value* seconds = saved.find("seconds")->find(hooks_.tricks()[i].name());
    if (seconds != nullptr) hooks_.add_seconds(i, *seconds->number());
    taken_seconds_[hooks_.tricks()[i].name()] = hooks_.seconds(i);
  }
  const Value* taken = saved.find("taken_seconds");
  if (taken == nullptr) return;  // a checkpoint of knack 1.0, which recorded no times of an epoch
  for (const NamedValue& entry : *taken->get_if<Value::Map>()) {
    taken_seconds_[entry.name] = *entry.value.number();
  }
}

std::optional<double> Fit::learning_rate() const {
  try {
    return parts_.optimizer->option(0, "lr");
  } catch (const Error&) {
    return std::nullopt;  // not every optimizer has one
  }
}

Metrics Fit::take_reported() {
  return std::exchange(reported_, {});
}

Metrics Fit::take_hook_seconds() {
  Metrics spent;
  for (std::size_t i = 0; i < hooks_.tricks().size(); ++i) {
    const std::string& name = hooks_.tricks()[i].name();
    const double seconds = hooks_.seconds(i);
    spent[name + ".seconds"] = seconds - std::exchange(taken_seconds_[name], seconds);
  }
  return spent;
}

const std::vector<ModelTensor>& Fit::parameters() {
  return parts_.parameters;
}

void Fit::set_param_option(const std::string& instance, std::size_t parameter,
                           std::string_view option, double value, std::string_view reason) {
  param_options_.set(instance, parameter, option, value, reason);
}

std::size_t Fit::group_count() {
  return groups_.size();
}

double Fit::group_option(std::size_t group, std::string_view option) {
  return parts_.optimizer->option(group, std::string(option));
}

void Fit::set_group_option(std::size_t group, std::string_view option, double value) {
  parts_.optimizer->set_option(group, std::string(option), value);
}

WeightStore& Fit::weights() {
  return *parts_.weights;
}

std::string Fit::instance_file(const std::string& instance, std::string_view path) {
  namespace fs = std::filesystem;
  const fs::path relative = fs::path(path).lexically_normal();
  const bool leaves = relative.is_absolute() || relative.empty() || *relative.begin() == "..";
  if (leaves || !relative.has_filename() || relative == ".") {
    throw Error("E0601", "path `" + std::string(path) + "` of `" + instance +
                             "`: expected a file below the instance's own folder");
  }
  if (folder_ == nullptr) {
    throw Error("E0601", "`" + instance + "` wants to write `" + std::string(path) +
                             "`, but this command has no run folder");
  }
  const fs::path file = folder_->instance_folder(instance) / relative;
  std::error_code failure;
  fs::create_directories(file.parent_path(), failure);
  if (failure) {
    throw Error("E0503", file.parent_path(), "cannot make this folder: " + failure.message());
  }
  return file.string();
}

Value Fit::evaluate(const std::string& instance, WeightSet& set) {
  if (!loop_) {
    throw Error("E0601", "`" + instance +
                             "` asked for an evaluation in fit_begin; ask "
                             "after it, such as in epoch_begin");
  }
  Value::Map result;
  for (const auto& [name, value] : evaluator_.evaluate(set, context(), {.asker = instance})) {
    result.push_back({name, value});
  }
  return Value(std::move(result));
}

std::int64_t Fit::train_samples() {
  return parts_.train.source->length();
}

std::int64_t Fit::pass_over_data(std::int64_t samples, const BatchCallback& on_batch) {
  return host::pass_over_data(*parts_.make_pass(samples), parts_.placement, on_batch);
}

const std::vector<NormLayer>& Fit::norm_layers() {
  return parts_.norm_layers;
}

void Fit::set_norm_momentum(std::size_t layer, double momentum) {
  parts_.model->set_norm_momentum(layer, momentum);
  parts_.norm_layers.at(layer).momentum = momentum;
}

std::int64_t Fit::observe_norm_inputs(std::int64_t samples, const InputCallback& on_input) {
  return host::observe_norm_inputs(*parts_.model, parts_.norm_layers, *parts_.make_pass(samples),
                                   parts_.placement, on_input);
}

void Fit::report_metric(const std::string& instance, std::string_view name, double value) {
  reported_[instance + "." + std::string(name)] = value;
}

void Fit::summarize(const std::string& instance, std::string_view key, Value value) {
  facts_[instance][std::string(key)] = value.to_json();
}

}  // namespace knack::host
