// SPDX-License-Identifier: MIT
#include "host/train/fit.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <filesystem>

#include "host/common/error.hpp"
#include "host/train/norm_pass.hpp"
#include "host/train/thread_choice.hpp"
#include "host/train/trick_order.hpp"
#include "host/weights/weight_file.hpp"

namespace knack::host {

Fit::Fit(const Recipe& recipe, Registry& registry, HostServices& services, Console& console,
         const RunFolder* folder)
    : recipe_(recipe),
      registry_(registry),
      services_(services),
      console_(console),
      folder_(folder),
      placement_(recipe.trainer) {
  services_.fit = this;
  services_.seed = static_cast<std::uint64_t>(recipe.trainer.seed);
  services_.check_plugins = recipe.trainer.check_plugins;
  make_model();
  train_ = make_data(recipe.train, "train");
  valid_ = make_data(recipe.valid, "valid");
  if (recipe.test) {
    test_ = make_data(*recipe.test, "test");
  }
  objective_ = make<Objective>(recipe.objective, "objective");
  optimizer_ = make<Optimizer>(recipe.optimizer, "optimizer");
  make_tricks();
  threads_ = choose_threads();
}

Fit::~Fit() {
  services_.fit = nullptr;
}

template <class Kind>
std::unique_ptr<Kind> Fit::make(const Section& section, const std::string& name) {
  return std::make_unique<Kind>(registry_.create(Kind::kKind, section.use, name,
                                                 Value::from_json(section.options), services_));
}

// The model's initial weights are the first thing drawn from the run's seed, so that they do not
// depend on what else a recipe names.
void Fit::make_model() {
  at::manual_seed(services_.seed);
  model_ = make<Model>(recipe_.model, "model");
  std::vector<ModelTensor> tensors = model_->tensors();
  placement_.place(tensors);
  for (const ModelTensor& entry : tensors) {
    if (!entry.is_buffer) {
      parameters_.push_back(entry);
    }
  }
  weights_ = std::make_unique<WeightStore>(std::move(tensors));
  if (recipe_.initial_weights) {
    load_weights(*weights_, weights_->live(), *recipe_.initial_weights);
  }
  param_options_ = std::make_unique<ParamOptions>(parameters_);
}

DataPart Fit::make_data(const DataSection& section, const std::string& name) {
  DataPart part;
  part.dataset = make<Dataset>(section.dataset, "data." + name);
  part.source = std::make_unique<DatasetSource>(*part.dataset);
  part.loader = make_loader(part, section);
  return part;
}

int Fit::choose_threads() {
  if (recipe_.trainer.threads > 0) {
    at::set_num_threads(static_cast<int>(recipe_.trainer.threads));
  } else {
    Loader& loader = *train_->loader;
    loader.start_epoch(1);
    at::set_num_threads(suitable_threads(*model_, placement_.place(loader.next()->inputs)));
  }
  return at::get_num_threads();
}

std::string Fit::description() const {
  std::int64_t elements = 0;
  for (const ModelTensor& parameter : parameters_) {
    elements += parameter.tensor.numel();
  }
  std::string text = recipe_.name + ": " + recipe_.model.use + ", " + std::to_string(elements) +
                     " parameters; " + std::to_string(train_->source->length()) + " training and " +
                     std::to_string(valid_->source->length()) + " validation";
  if (test_) {
    text += " and " + std::to_string(test_->source->length()) + " test";
  }
  return text + " samples; " + placement_.device().str() + ", " + recipe_.trainer.precision + ", " +
         std::to_string(threads_) + (threads_ == 1 ? " thread" : " threads");
}

std::unique_ptr<Loader> Fit::make_loader(const DataPart& part, const DataSection& section,
                                         std::int64_t limit) const {
  LoaderSettings settings;
  settings.batch_size = section.loader.batch_size;
  settings.shuffle = section.loader.shuffle;
  settings.drop_last = section.loader.drop_last;
  settings.workers = static_cast<int>(section.loader.workers);
  settings.seed = services_.seed;
  settings.limit = limit;
  return std::make_unique<Loader>(*part.source, settings);
}

void Fit::make_tricks() {
  std::vector<TrickPlace> places;
  for (const Section& section : recipe_.tricks) {
    const Provided& provided = registry_.find(Trick::kKind, section.use).provided();
    places.push_back({section.name, section.use, provided.before, provided.after});
  }
  std::vector<Trick> tricks;
  for (const std::size_t i : trick_order(places)) {
    tricks.push_back(std::move(*make<Trick>(recipe_.tricks[i], recipe_.tricks[i].name)));
  }
  hooks_ = std::make_unique<Hooks>(std::move(tricks));
}

void Fit::begin() {
  knack_hook_context_t context{};
  context.struct_size = sizeof(context);
  context.total_epochs = recipe_.trainer.epochs;
  hooks_->call(Hook::fit_begin, context);
  make_optimizer_groups();
  loop_ = std::make_unique<Loop>(LoopParts{*model_, *objective_, *optimizer_, *train_->loader,
                                           *hooks_, placement_, group_params_},
                                 recipe_.trainer.epochs);
}

void Fit::make_optimizer_groups() {
  groups_ = param_options_->make_groups();
  if (groups_.empty()) {
    throw Error(ExitCode::training, "model `" + recipe_.model.use +
                                        "`: expected at least one parameter to train, found none");
  }
  for (const OptionGroup& group : groups_) {
    ParamGroup handed;
    std::vector<at::Tensor>& tensors = group_params_.emplace_back();
    for (const std::size_t i : group.parameters) {
      handed.params.push_back(&parameters_[i].tensor);
      handed.names.push_back(parameters_[i].name);
      tensors.push_back(parameters_[i].tensor);
    }
    for (const auto& [option, value] : group.options) {
      handed.options.push_back({option, value});
    }
    optimizer_->add_group(handed);
  }
}

Metrics Fit::take_reported() {
  return std::exchange(reported_, {});
}

const std::vector<ModelTensor>& Fit::parameters() {
  return parameters_;
}

void Fit::set_param_option(const std::string& instance, std::size_t parameter,
                           std::string_view option, double value, std::string_view reason) {
  param_options_->set(instance, parameter, option, value, reason);
}

std::size_t Fit::group_count() {
  return groups_.size();
}

double Fit::group_option(std::size_t group, std::string_view option) {
  return optimizer_->option(group, std::string(option));
}

void Fit::set_group_option(std::size_t group, std::string_view option, double value) {
  optimizer_->set_option(group, std::string(option), value);
}

WeightStore& Fit::weights() {
  return *weights_;
}

std::string Fit::instance_file(const std::string& instance, std::string_view path) {
  namespace fs = std::filesystem;
  const fs::path relative = fs::path(path).lexically_normal();
  const bool leaves = relative.is_absolute() || relative.empty() || *relative.begin() == "..";
  if (leaves || !relative.has_filename() || relative == ".") {
    throw Error(ExitCode::training, "path `" + std::string(path) + "` of `" + instance +
                                        "`: expected a file below the instance's own folder");
  }
  if (folder_ == nullptr) {
    throw Error(ExitCode::training, "`" + instance + "` wants to write `" + std::string(path) +
                                        "`, but this command has no run folder");
  }
  const fs::path file = folder_->instance_folder(instance) / relative;
  fs::create_directories(file.parent_path());
  return file.string();
}

Value Fit::evaluate(const std::string& instance, WeightSet& set) {
  if (evaluating_) {
    throw Error(ExitCode::training, "`" + instance + "` asked for an evaluation during an "
                                        "evaluation; ask in epoch_end or fit_end");
  }
  hooks_->leave_out(&instance);
  const Metrics metrics = evaluate_set(set, [](const Metrics&) {});
  hooks_->leave_out(nullptr);
  Value::Map result;
  for (const auto& [name, value] : metrics) {
    result.push_back({name, value});
  }
  return Value(std::move(result));
}

Metrics Fit::evaluate_set(WeightSet& set, const std::function<void(const Metrics&)>& while_active) {
  knack_hook_context_t context = loop_->context();
  evaluating_ = true;
  EvaluationScope scope(*weights_, set, *model_, *hooks_, context);
  Metrics metrics = measure(*model_, *objective_, *valid_->loader, placement_);
  scope.finish(metrics, recipe_.trainer);
  evaluating_ = false;
  while_active(metrics);
  return metrics;
}

std::int64_t Fit::train_samples() {
  return train_->source->length();
}

std::int64_t Fit::pass_over_data(std::int64_t samples, const BatchCallback& on_batch) {
  const auto loader = make_loader(*train_, recipe_.train, samples);
  return host::pass_over_data(*loader, placement_, on_batch);
}

std::size_t Fit::norm_layer_count() {
  return model_->norm_layer_count();
}

NormLayer Fit::norm_layer(std::size_t layer) {
  return model_->norm_layer(layer);
}

void Fit::set_norm_momentum(std::size_t layer, double momentum) {
  model_->set_norm_momentum(layer, momentum);
}

std::int64_t Fit::observe_norm_inputs(std::int64_t samples, const InputCallback& on_input) {
  const auto loader = make_loader(*train_, recipe_.train, samples);
  return host::observe_norm_inputs(*model_, *loader, placement_, on_input);
}

void Fit::report_metric(const std::string& instance, std::string_view name, double value) {
  reported_[instance + "." + std::string(name)] = value;
}

void Fit::summarize(const std::string& instance, std::string_view key, Value value) {
  facts_[instance][std::string(key)] = value.to_json();
}

}  // namespace knack::host
