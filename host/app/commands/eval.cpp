// SPDX-License-Identifier: MIT
#include <iostream>

#include "host/app/command_environment.hpp"
#include "host/app/commands/commands.hpp"
#include "host/app/evaluation_data.hpp"
#include "host/app/predictions.hpp"
#include "host/app/run_weights.hpp"
#include "host/common/error.hpp"
#include "host/common/json_text.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/report/run_folder.hpp"
#include "host/run/records.hpp"
#include "host/train/evaluation.hpp"
#include "host/train/fit.hpp"
#include "host/ui/table.hpp"
#include "host/weights/weight_file.hpp"

namespace knack::host {
namespace {

struct EvalCommand {
  std::filesystem::path run;
  WeightsRequest request{.may_be_other_file = true};
  std::string split = "valid";        ///< "valid" or "test"
  std::string data;                   ///< a data section or a file with one; empty: the recipe's
  std::int64_t batch_size = 0;        ///< 0: the recipe's
  std::filesystem::path predictions;  ///< file to write; empty: none
  bool force = false;                 ///< replace a file that is there
  bool json = false;
};

struct Evaluation {
  Metrics metrics;
  std::int64_t samples = 0;
};

void check_predictions(const EvalCommand& command) {
  std::error_code failure;
  if (command.force || !std::filesystem::exists(command.predictions, failure)) return;
  throw Error("E0105", "--predictions " + backticked_path(command.predictions) +
                           ": expected a new file, found one; choose another name, or "
                           "replace it with --force");
}

Recipe open_recipe(const EvalCommand& command, const RunFolder& folder,
                   CommandEnvironment& environment) {
  if (command.data.empty()) return environment.open_recipe(folder.recipe_file());
  return environment.open_recipe(
      folder.recipe_file(), [&](Document& document, Diagnostics& diagnostics) {
        lay_data_over(document, command.split, command.data, diagnostics);
      });
}

/// The recipe with the data that is evaluated and no other, which need not be there any more.
Recipe recipe_of(const EvalCommand& command, const RunFolder& folder,
                 CommandEnvironment& environment) {
  Recipe recipe = open_recipe(command, folder, environment);
  if (command.split == "test") {
    if (!recipe.test) {
      throw Error("E0105", "--split test: the recipe of " + backticked_path(command.run) +
                               " has no data.test; use --split valid, or give --data");
    }
    recipe.valid = *recipe.test;
  }
  LoaderOptions& loader = recipe.valid.loader;
  if (command.batch_size > 0) loader.batch_size = command.batch_size;
  if (!command.predictions.empty()) loader.shuffle = loader.drop_last = false;
  recipe.train = recipe.valid;
  recipe.test.reset();
  recipe.tricks.clear();  // they acted when the weights were made
  recipe.initial_weights.reset();
  return recipe;
}

Evaluation run_model(const EvalCommand& command, const RunWeights& weights, Fit& fit) {
  FitParts& parts = fit.parts();
  parts.model->set_training(false);
  Evaluation evaluation;
  if (command.predictions.empty()) {
    evaluation.metrics =
        measure(*parts.model, *parts.objective, *parts.valid.loader, parts.placement,
                [&](const Batch& batch, const Value&) { evaluation.samples += batch.samples; });
    return evaluation;
  }
  PredictionsFile file(command.predictions, parts.valid.source->length(),
                       {{"format", "pt"}, {"weights", weights.name}, {"split", command.split}});
  evaluation.metrics = measure(*parts.model, *parts.objective, *parts.valid.loader, parts.placement,
                               [&](const Batch& batch, const Value& outputs) {
                                 file.add(outputs, batch.targets, batch.samples);
                                 evaluation.samples += batch.samples;
                               });
  file.commit();
  return evaluation;
}

void print_json(const EvalCommand& command, const RunWeights& weights,
                const Evaluation& evaluation) {
  nlohmann::ordered_json document = {{"schema_version", 1},
                                     {"run", command.run.string()},
                                     {"weights", weights.name},
                                     {"file", weights.file.string()},
                                     {"split", command.split},
                                     {"samples", evaluation.samples},
                                     {"metrics", json_of(evaluation.metrics)}};
  if (!command.predictions.empty()) document["predictions"] = command.predictions.string();
  std::cout << json_text(document) << std::endl;
}

/// `ema (chosen)` for the set that the run's end chose, which is called `model`.
std::string title_of(const RunWeights& weights, const RunFolder& folder) {
  if (weights.name != "model" || !folder.is_finished()) return weights.name;
  const auto summary = read_json(folder.summary_file());
  const auto chosen = summary.find("chosen");
  if (chosen == summary.end() || !chosen->is_string()) return weights.name;
  return one_line(chosen->get<std::string>()) + " (chosen)";
}

void print_numbers(const EvalCommand& command, const std::string& title, const Metrics& metrics) {
  std::vector<std::vector<std::string>> rows = {{"weights", "split"}, {title, command.split}};
  for (const auto& [name, value] : metrics) {
    rows[0].push_back(name);
    rows[1].push_back(number_text(value));
  }
  print_table(rows, 2);
}

int evaluate(const EvalCommand& command, const CommonOptions& common) {
  const RunFolder folder = RunFolder::open(command.run, true);
  const RunWeights weights = find_weights(folder, command.request);
  check_predictions(command);
  CommandEnvironment environment(common);
  const bool is_final = weights.file == folder.weights_file(weights.name);
  if (is_final && !folder.is_finished()) {
    environment.console().warning(command.run.string() +
                                  ": this run has not come to its end; the weights may be of an "
                                  "earlier one");
  }
  const Recipe recipe = recipe_of(command, folder, environment);
  const Evaluation evaluation = environment.with_places([&] {
    Fit fit(recipe, environment.registry(), environment.services(), nullptr);
    load_weights(fit.weights(), fit.weights().live(), weights.file,
                 weights.checkpoint.empty() ? FileContent::persistent : FileContent::all);
    return run_model(command, weights, fit);
  });
  if (command.json) {
    print_json(command, weights, evaluation);
  } else {
    print_numbers(command, title_of(weights, folder), evaluation.metrics);
  }
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void declare_eval(CommandTable& table) {
  auto [command, options] =
      table.add<EvalCommand>("eval", "Evaluate weights of a run", Takes::recipe, evaluate);
  command.add_option("run", options.run, "Run folder")->type_name("RUN")->required();
  command
      .add_option("--weights", options.request.weights,
                  "Weight set: live, ema, average, ..., or a file; by default the chosen one")
      ->type_name("SET|FILE");
  command
      .add_option("--checkpoint", options.request.checkpoint,
                  "Take the set, by default live, from this checkpoint")
      ->type_name("last|best|NAME");
  choices(command.add_option("--split", options.split, "Data to evaluate on"), {"valid", "test"})
      ->capture_default_str();
  command
      .add_option("--data", options.data,
                  "Changes to the data section, or another one: a JSON object or a file with it")
      ->type_name("JSON|FILE");
  command.add_option("--batch-size", options.batch_size, "In place of the recipe's")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40).description(""));
  command
      .add_option("--predictions", options.predictions,
                  "Write outputs and targets of all samples to this safetensors file")
      ->type_name("FILE");
  command.add_flag("--force", options.force, "Replace a file that is there");
  command.add_flag("--json", options.json, "Print JSON");
  add_example(command, {"knack eval runs/digits/2026-11-23T10-30-07 --weights ema --split test",
                        "knack eval runs/digits/2026-11-23T10-30-07 --data '{\"root\": \"other\"}' "
                        "--predictions out.safetensors"});
}

}  // namespace knack::host
