// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iostream>

#include "host/ablate/ablation_report.hpp"
#include "host/ablate/child_program.hpp"
#include "host/app/command_environment.hpp"
#include "host/app/commands/commands.hpp"
#include "host/app/provenance.hpp"
#include "host/app/signals.hpp"
#include "host/common/error.hpp"
#include "host/common/json_text.hpp"
#include "host/explain/explain.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

struct AblateCommand {
  std::filesystem::path recipe;
  std::string seeds = "5";
  std::string tricks;  ///< with commas; empty: all
  Measure measure;     ///< metric empty: the monitored one
  bool adds_too = false;
  std::filesystem::path folder;  ///< empty: below trainer.run_root
  std::size_t jobs = 1;
  bool json = false;
};

bool is_higher_better(const std::string& metric, const TrainerOptions& trainer) {
  if (metric == trainer.monitor) return trainer.mode == "max";
  return metric.find("loss") == metric.npos;
}

std::vector<std::string> words_of(const CommonOptions& common) {
  std::vector<std::string> words;
  for (const auto& place : common.plugin_places) {
    words.insert(words.end(), {"--plugin-path", place.string()});
  }
  if (common.trusts_writable_plugins) words.push_back("--trust-writable-plugins");
  return words;
}

AblationRequest request_of(const AblateCommand& command, const CommonOptions& common,
                           const Recipe& recipe) {
  std::vector<std::string> names;
  for (const Section& trick : recipe.tricks) names.push_back(trick.name);
  if (names.empty()) {
    throw Error("E0105", command.recipe,
                "expected a recipe with tricks to leave out, found none in "
                "it; add some under `tricks`");
  }
  AblationRequest request;
  request.recipe = resolved(recipe);
  request.plan = make_plan(request.recipe, chosen_tricks(command.tricks, names), command.adds_too);
  request.seeds = chosen_seeds(command.seeds, recipe.trainer.seed);
  request.measure = command.measure;
  if (request.measure.metric.empty()) request.measure.metric = recipe.trainer.monitor;
  request.higher_is_better = is_higher_better(request.measure.metric, recipe.trainer);
  request.more_words = words_of(common);
  request.jobs = command.jobs;
  return request;
}

/// E0341 of a metric that came from the command line.
Error refused_metric(Diagnostic problem) {
  problem.id = "E0105";
  problem.place = {};
  problem.subject.clear();
  problem.sentence = "--metric" + problem.sentence.substr(problem.sentence.find(':'));
  return Error(problem);
}

/// Throws Error(usage) unless every training of the plan has this weight set.
void check_weights(const std::string& name, const std::vector<SetFacts>& sets, const Plan& plan) {
  std::vector<std::string> known;
  for (const SetFacts& set : sets) known.push_back(set.name);
  const std::string expected = "--weights " + backticked(name) + ": expected ";
  const auto found =
      std::find_if(sets.begin(), sets.end(), [&](const SetFacts& set) { return set.name == name; });
  if (found == sets.end()) {
    throw Error("E0105", expected + "a weight set of the recipe, which are " +
                             backticked_list(known) + suggestion(name, known));
  }
  for (const Condition& condition : plan.conditions) {
    const std::vector<std::string>& tricks = condition.tricks;
    const bool is_there = found->publisher.empty() ||
                          std::find(tricks.begin(), tricks.end(), found->publisher) != tricks.end();
    if (is_there) continue;
    throw Error("E0105", expected + "a weight set of every training, found that of the trick " +
                             backticked(found->publisher) + ", which " +
                             backticked(condition.name) +
                             " leaves out; compare the chosen weights, or name other --tricks");
  }
}

/// Throws Error(usage) for a metric or weight set that no run will have. What every training has
/// needs no look: the monitored metric, the weights it chose.
void check_measure(const AblationRequest& request, const std::filesystem::path& file, Recipe recipe,
                   const Document& document, CommandEnvironment& environment) {
  const Measure& measure = request.measure;
  if (measure.metric == recipe.trainer.monitor && measure.weights.empty()) return;
  recipe.trainer.monitor = measure.metric;
  const ChildSignals signals;  // kept from the threads that begin here, too
  const Explained explained =
      explain(recipe, document, file, environment.registry(), environment.services());
  if (explained.failure) {
    const Diagnostic& problem = explained.failure->diagnostics().front();
    if (problem.id.text() == "E0341") throw refused_metric(problem);
    return;
  }
  const std::vector<Conflict>& conflicts = explained.explanation.conflicts;
  const bool is_whole =
      std::none_of(conflicts.begin(), conflicts.end(),
                   [](const Conflict& conflict) { return conflict.stage == "rehearsal"; });
  if (is_whole && !measure.weights.empty()) {
    check_weights(measure.weights, explained.explanation.sets, request.plan);
  }
}

void print(const AblateCommand& command, const Ablation& ablation,
           const std::filesystem::path& folder) {
  if (command.json) {
    std::cout << json_text(ablation_json(ablation)) << std::endl;
    return;
  }
  print_table(result_rows(ablation));
  std::cout << "\n";
  for (const std::string& note : reading_notes(ablation)) std::cout << "  " << note << "\n";
  std::cout << "\ntime of a training, in seconds\n";
  print_table(time_rows(ablation));
  std::cout << "\nresults: " << folder.string() << std::endl;
}

int ablate(const AblateCommand& command, const CommonOptions& common) {
  CommandEnvironment environment(common);
  Document document;
  Recipe recipe = environment.open_recipe(
      command.recipe, [&](const Document& read, const Diagnostics&) { document = read; });
  recipe.used_plugins = plugins_of(recipe, environment.registry());
  const AblationRequest request = request_of(command, common, recipe);
  const std::filesystem::path by_default =
      std::filesystem::path(recipe.trainer.run_root) / (recipe.name + "-ablation");
  const std::filesystem::path place = command.folder.empty() ? by_default : command.folder;
  if (!command.measure.weights.empty() || !AblationFolder::has_finished_run(place)) {
    check_measure(request, command.recipe, recipe, document, environment);
  }
  const AblationFolder folder(place, request.recipe);
  Ablation ablation(request, folder, environment.console());
  const int signal = ablation.run();
  if (signal != 0) {
    environment.console().warning(std::string("stopped by ") + signal_name(signal) + "; " +
                                  std::to_string(ablation.finished()) + " of " +
                                  std::to_string(ablation.runs()) +
                                  " runs are finished; the same command goes on");
    return 128 + signal;
  }
  print(command, ablation, folder.path());
  if (ablation.failed() > 0) {
    throw Error("E0601", std::to_string(ablation.failed()) + " of " +
                             std::to_string(ablation.runs()) +
                             " runs failed, and their seeds are left out where they "
                             "would be compared; the same command tries them again");
  }
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void declare_ablate(CommandTable& table) {
  auto [command, options] = table.add<AblateCommand>(
      "ablate", "Train with and without each trick, to see which of them help", Takes::recipe,
      ablate);
  command.add_option("recipe", options.recipe, "Recipe file (JSON)")
      ->type_name("RECIPE")
      ->required();
  command
      .add_option("--seeds", options.seeds,
                  "How many, from trainer.seed on, or which: 1,2,3; at least 2")
      ->type_name("N|LIST")
      ->capture_default_str();
  command.add_option("--tricks", options.tricks, "Only these, by name: ema,precise_bn")
      ->type_name("LIST");
  command
      .add_option("--metric", options.measure.metric,
                  "Of the valid data; by default the monitored one")
      ->type_name("METRIC");
  command
      .add_option("--weights", options.measure.weights,
                  "Weight set to compare; by default the one that each run chose")
      ->type_name("SET");
  command.add_flag("--add", options.adds_too, "Also train without tricks and with only each one");
  command
      .add_option("--dir", options.folder,
                  "Folder for all runs; finished ones in it are used again")
      ->type_name("FOLDER");
  command
      .add_option("--jobs", options.jobs, "Trainings at a time; more than one disturb the times")
      ->type_name("N")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command.add_flag("--json", options.json, "Print JSON");
  add_example(command, {"knack ablate configs/digits.json --tricks ema,precise_bn"});
}

}  // namespace knack::host
