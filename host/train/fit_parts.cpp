// SPDX-License-Identifier: MIT
#include "host/train/fit_parts.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "host/common/error.hpp"
#include "host/train/norm_pass.hpp"
#include "host/train/thread_choice.hpp"
#include "host/train/trick_order.hpp"
#include "host/weights/weight_file.hpp"

namespace knack::host {

/// Makes parts one after the other, and tells of all that fail together.
class FitParts::Attempts {
 public:
  template <class Make>
  void make(Make&& make) try {
    std::forward<Make>(make)();
  } catch (const Error& error) {
    if (problems_.empty() || error.code() == ExitCode::recipe) code_ = error.code();
    for (const Diagnostic& problem : error.diagnostics()) {
      // One section may be that of two parts.
      if (texts_.insert(one_line_text(problem)).second) problems_.push_back(problem);
    }
  }

  void throw_if_any_failed() const {
    if (!problems_.empty()) throw Error(code_, problems_);
  }

 private:
  ExitCode code_ = ExitCode::ok;
  std::vector<Diagnostic> problems_;
  std::set<std::string> texts_;
};

FitParts::FitParts(const Recipe& recipe, const Registry& registry, const HostServices& services)
    : recipe_(recipe), registry_(registry), services_(services) {
  Attempts attempts;
  attempts.make([&] { placement = Placement(recipe.trainer); });
  attempts.make([&] { make_model(); });
  attempts.make([&] { train = make_data(recipe.train, "data.train"); });
  attempts.make([&] { valid = make_data(recipe.valid, "data.valid"); });
  attempts.make([&] {
    if (recipe.test) test = make_data(*recipe.test, "data.test");
  });
  attempts.make([&] { objective = make<Objective>(recipe.objective, "objective"); });
  attempts.make([&] { optimizer = make<Optimizer>(recipe.optimizer, "optimizer"); });
  make_tricks(attempts);
  attempts.throw_if_any_failed();
  set_threads();
}

template <class Kind>
std::unique_ptr<Kind> FitParts::make(const Section& section, const std::string& name) const {
  return std::make_unique<Kind>(registry_.create(Kind::kKind, section.use, name,
                                                 Value::from_json(section.options), services_));
}

// The model's initial weights are the first thing drawn from the run's seed, so that they do not
// depend on what else a recipe names.
void FitParts::make_model() {
  at::manual_seed(services_.seed);
  model = make<Model>(recipe_.model, "model");
  std::vector<ModelTensor> tensors = model->tensors();
  placement.place_model(tensors);
  std::copy_if(tensors.begin(), tensors.end(), std::back_inserter(parameters),
               [](const ModelTensor& entry) { return !entry.is_buffer; });
  weights = std::make_unique<WeightStore>(std::move(tensors));
  norm_layers = norm_layers_in_training(*model);
  if (recipe_.initial_weights) load_initial_weights();
}

void FitParts::load_initial_weights() try {
  const InitialWeights& from = *recipe_.initial_weights;
  load_weights(*weights, weights->live(), from.file, FileContent::persistent,
               {from.strip_prefix, from.ignore, true});
} catch (const Error& error) {
  std::vector<Diagnostic> problems = error.diagnostics();
  for (Diagnostic& problem : problems) problem.subject = "model.weights.file";
  throw Error(error.code(), std::move(problems));
}

DataPart FitParts::make_data(const DataSection& section, const std::string& name) const {
  DataPart part;
  const std::string& pointer = section.dataset.pointer;  // an evaluation may take data of another
  part.dataset = make<Dataset>(section.dataset, pointer.empty() ? name : readable_path(pointer));
  part.source = std::make_unique<DatasetSource>(*part.dataset);
  part.loader = make_loader(part, section.loader, 0);
  return part;
}

std::unique_ptr<Loader> FitParts::make_loader(const DataPart& part, const LoaderOptions& options,
                                              std::int64_t limit) const {
  LoaderSettings settings;
  settings.batch_size = options.batch_size;
  settings.shuffle = options.shuffle;
  settings.drop_last = options.drop_last;
  settings.workers = static_cast<int>(options.workers);
  settings.seed = services_.seed;
  settings.limit = limit;
  return std::make_unique<Loader>(*part.source, settings);
}

std::unique_ptr<Loader> FitParts::make_pass(std::int64_t samples) const {
  LoaderOptions options = recipe_.train.loader;
  options.drop_last = false;
  return make_loader(train, options, samples);
}

std::unique_ptr<Loader> FitParts::make_trial() const {
  LoaderOptions options = recipe_.valid.loader;
  options.workers = 0;
  options.drop_last = false;
  return make_loader(valid, options, options.batch_size);
}

std::vector<std::size_t> FitParts::order_of_tricks() const {
  std::vector<TrickPlace> places;
  for (const Section& section : recipe_.tricks) {
    const Provided& provided = registry_.find(Trick::kKind, section.use).provided();
    places.push_back({section.name, section.use, provided.before, provided.after});
  }
  return trick_order(places);
}

void FitParts::make_tricks(Attempts& attempts) {
  std::vector<std::size_t> order(recipe_.tricks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  attempts.make([&] { order = order_of_tricks(); });
  for (const std::size_t i : order) {
    attempts.make([&] {
      tricks.push_back(std::move(*make<Trick>(recipe_.tricks[i], recipe_.tricks[i].name)));
    });
  }
}

void FitParts::set_threads() {
  if (recipe_.trainer.threads > 0) {
    at::set_num_threads(static_cast<int>(recipe_.trainer.threads));
  } else {
    train.loader->start_epoch(1);
    at::set_num_threads(suitable_threads(*model, placement.place(train.loader->next()->inputs)));
  }
  threads = at::get_num_threads();
}

std::unique_lock<std::mutex> FitParts::pause_reading(const Instance& instance) const {
  for (const DataPart* part : {&train, &valid, test ? &*test : nullptr}) {
    if (part != nullptr && part->dataset.get() == &instance) return part->source->exclusive();
  }
  return {};
}

std::string FitParts::description(const std::string& device) const {
  std::int64_t elements = 0;
  for (const ModelTensor& parameter : parameters) elements += parameter.tensor.numel();
  std::string text = recipe_.name + ": " + recipe_.model.use + ", " + std::to_string(elements) +
                     " parameters; " + std::to_string(train.source->length()) + " training and " +
                     std::to_string(valid.source->length()) + " validation";
  if (test) text += " and " + std::to_string(test->source->length()) + " test";
  return text + " samples; " + (device.empty() ? placement.device().str() : device) + ", " +
         recipe_.trainer.precision + ", " + std::to_string(threads) +
         (threads == 1 ? " thread" : " threads");
}

}  // namespace knack::host
