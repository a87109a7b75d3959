// SPDX-License-Identifier: MIT
#include "host/validate/trial.hpp"

#include <ATen/ATen.h>
#include <knack/abi/knack.h>

#include <csignal>
#include <cstdio>
#include <utility>

#include "host/archive/value_archive.hpp"
#include "host/recipe/load.hpp"
#include "host/recipe/schema.hpp"
#include "host/recipe/schema_validator.hpp"
#include "host/services/services.hpp"

namespace knack::host {
namespace {

/// FNV-1a, 64 bits.
std::uint64_t hash_bytes(std::uint64_t hash, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
  return hash;
}

std::uint64_t hash_tensor(std::uint64_t hash, const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
  const auto dtype = static_cast<std::int64_t>(plain.scalar_type());
  hash = hash_bytes(hash, &dtype, sizeof(dtype));
  hash = hash_bytes(hash, plain.sizes().data(), plain.sizes().size() * sizeof(std::int64_t));
  return hash_bytes(hash, plain.const_data_ptr(), plain.nbytes());
}

constexpr std::uint64_t kHashStart = 0xcbf29ce484222325ULL;

std::string hex(std::uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(number));
  return text;
}

std::string bits_text(double number) {
  char text[40];
  std::snprintf(text, sizeof(text), "%a", number);
  return text;
}

Json schema_of(const Subject& subject) {
  const Provided& provided = subject.provided();
  const char* schema = subject.registry->descriptor(provided.kind, provided.id).schema_json;
  return schema == nullptr ? Json::object() : Json::parse(schema);
}

void put_in_place(Json& section, const Subject& subject) {
  const Json properties = schema_of(subject).value("properties", Json::object());
  Json replaced = {{"use", subject.provided().id}};
  for (const auto& [name, value] : section.items()) {
    if (!properties.contains(name)) continue;
    if (!find_violation(value, properties[name])) replaced[name] = value;
  }
  section = std::move(replaced);
}

void put_in(Json& recipe, const Subject& subject) {
  const std::string& kind = subject.provided().kind;
  if (kind == KNACK_KIND_TRICK) {
    if (!recipe.contains("tricks")) recipe["tricks"] = Json::array();
    recipe["tricks"].push_back({{"use", subject.provided().id}});
  } else if (kind == KNACK_KIND_DATASET) {
    put_in_place(recipe["data"]["train"], subject);
    put_in_place(recipe["data"]["valid"], subject);
  } else {
    put_in_place(recipe[kind], subject);
  }
}

RunFolder folder_for(const TrialOptions& options, const Recipe& recipe) {
  if (options.resumes) return RunFolder::take_over(options.folder);
  RunFolder folder = RunFolder::create(options.folder);
  write_json(folder.recipe_file(), resolved(recipe));
  return folder;
}

void register_services_once() {
  static const bool done = (register_services(), true);
  static_cast<void>(done);
}

}  // namespace

Recipe trial_recipe(const Subject& subject, const TrialOptions& options) {
  Diagnostics diagnostics;
  Document document = load_document(subject.recipe, {}, diagnostics);
  if (!subject.recipe_has_plugin) put_in(document.root, subject);
  Recipe recipe = read_recipe(document, diagnostics);
  diagnostics.throw_if_any();
  for (const auto& [kind, section] : plugin_sections(recipe)) {
    const char* schema = subject.registry->descriptor(kind, section->use).schema_json;
    validate_options(*section, schema == nullptr ? "" : schema, document, diagnostics);
  }
  diagnostics.throw_if_any();
  for (const auto& [kind, section] : plugin_sections(recipe)) {
    const bool is_subject =
        kind == subject.provided().kind && section->use == subject.provided().id;
    if (is_subject && options.options) section->options = *options.options;
  }
  recipe.trainer.epochs = 2;
  recipe.trainer.threads = 1;
  recipe.trainer.device = "cpu";
  recipe.trainer.seed = static_cast<std::int64_t>((subject.seed + options.seed) >> 1);  // signed
  recipe.trainer.check_plugins = options.check_plugins;
  recipe.checkpoint.every_epochs = 0;
  recipe.checkpoint.every_steps = 0;
  recipe.checkpoint.every_minutes = 0;
  recipe.checkpoint.best = false;
  recipe.train.loader.batch_size = 8;
  recipe.train.loader.workers = 0;
  recipe.valid.loader.batch_size = 16;
  recipe.valid.loader.workers = 0;
  recipe.test.reset();
  return recipe;
}

Trial::Trial(Disguise& disguise, TrialOptions options)
    : disguise_(disguise),
      options_((register_services_once(), std::move(options))),
      recipe_(trial_recipe(disguise.subject(), options_)),
      services_{.log = &log_},
      folder_(folder_for(options_, recipe_)),
      fit_(std::make_unique<Fit>(recipe_, *disguise.subject().registry, services_, &folder_)) {
  console_.attach_log_file(folder_.log_file());
  fit_->evaluator().try_out();
  fit_->begin();
}

Trial::~Trial() {
  if (is_over_) return;
  session_.release();
  fit_.release();
}

void Trial::destroy() {
  session_.reset();
  fit_.reset();
}

Session& Trial::session() {
  if (!session_) {
    session_ = std::make_unique<Session>(recipe_, *fit_, console_, folder_, requests_, events_,
                                         [](const std::filesystem::path&) {});
  }
  return *session_;
}

void Trial::resume() {
  session().resume(std::filesystem::canonical(folder_.checkpoints() / "last"), {});
}

std::optional<FitResult> Trial::train() {
  disguise_.after_optimizer_step = [this] {
    if (++steps_ == options_.stops_at_step) requests_.stop = SIGTERM;
  };
  std::optional<FitResult> result = session().run();
  disguise_.after_optimizer_step = nullptr;
  is_over_ = result.has_value();
  return result;
}

void Trial::train_steps(std::int64_t steps) {
  if (steps > 0) fit_->loop().run_epoch([&] { return --steps > 0; });
}

std::vector<const Instance*> Trial::subjects() const {
  std::vector<const Instance*> found;
  for (const Instance* instance : fit_->instances()) {
    if (disguise_.is_subject(instance->context())) found.push_back(instance);
  }
  return found;
}

std::string Trial::digest(const std::optional<FitResult>& result) const {
  std::string text;
  for (const auto& set : fit_->weights().sets()) {
    std::uint64_t hash = kHashStart;
    for (const at::Tensor& tensor : set->tensors) hash = hash_tensor(hash, tensor);
    text += "weights `" + set->name + "` " + hex(hash) + "\n";
  }
  if (!result) return text;
  for (const FinalSet& set : result->sets) {
    for (const auto& [name, value] : set.valid) {
      text += name + " of `" + set.name + "` " + bits_text(value) + "\n";
    }
  }
  return text;
}

std::string run_trial(Disguise& disguise, const TrialOptions& options) {
  Trial trial(disguise, options);
  if (options.resumes) trial.resume();
  const std::optional<FitResult> result = trial.train();
  return trial.digest(result);
}

Json trial_options_of(const Subject& subject) {
  Recipe recipe = trial_recipe(subject, {});
  for (const auto& [kind, section] : plugin_sections(recipe)) {
    if (kind == subject.provided().kind && section->use == subject.provided().id) {
      return section->options;
    }
  }
  throw Error("E0302", subject.recipe,
              "it does not use " + subject.provided().kind + " " + subject.provided().id);
}

std::string text_of(const Value& tree) {
  ValueArchiveWriter writer;
  std::string text = writer.add(tree, "state").dump();
  for (const NamedTensor& tensor : writer.tensors()) {
    text += "\n" + tensor.name + " " + hex(hash_tensor(kHashStart, tensor.tensor));
  }
  return text;
}

}  // namespace knack::host
