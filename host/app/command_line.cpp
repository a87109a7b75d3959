// SPDX-License-Identifier: MIT
#include "host/app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "host/app/commands/commands.hpp"
#include "host/common/error.hpp"
#include "host/common/nearest_name.hpp"

namespace knack::host {
namespace {

/// The commands, what they were given, and which one was chosen.
struct CommandLine {
  CLI::App app{"knack trains neural networks; everything but the training loop is a plugin"};
  CommonOptions common;
  TrainCommand train;
  EvalCommand eval;
  ExplainCommand explain;
  PluginsListCommand plugins_list;
  PluginsInspectCommand plugins_inspect;
  std::function<void()> run;
};

void add_common(CLI::App& command, CommonOptions& common, bool takes_recipe) {
  if (takes_recipe) {
    command
        .add_option("--set", common.overrides,
                    "Override a value of the recipe: trainer.epochs=3, tricks[ema].decay=0.99")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
  }
  command.add_option("--plugin-path", common.plugin_places, "Also look for plugins here")
      ->type_name("FOLDER|FILE")
      ->allow_extra_args(false);
  command.add_flag("-q,--quiet", common.quiet, "Show warnings only");
}

template <class Command>
CLI::App* add_command(CommandLine& line, CLI::App& parent, const std::string& name,
                      const std::string& help, Command& command, bool takes_recipe) {
  CLI::App* added = parent.add_subcommand(name, help);
  add_common(*added, line.common, takes_recipe);
  added->final_callback([&line, &command] {
    line.run = [&line, &command] { run_command(command, line.common); };
  });
  return added;
}

void declare(CommandLine& line) {
  line.app.set_version_flag("--version", "knack " KNACK_VERSION_STRING);
  line.app.require_subcommand(1);

  CLI::App* train =
      add_command(line, line.app, "train", "Train what a recipe describes", line.train, true);
  train->add_option("recipe", line.train.recipe, "Recipe file (JSON)")->required();
  train->add_option("--run-dir", line.train.run_folder, "New or empty folder for this run")
      ->type_name("FOLDER");

  CLI::App* eval = add_command(line, line.app, "eval", "Evaluate weights of a run", line.eval, true);
  eval->add_option("run", line.eval.run, "Run folder")->required();
  eval->add_option("--weights", line.eval.weights,
                   "Weight set: live, ema, average, ...; by default the chosen one")
      ->type_name("SET");
  eval->add_option("--split", line.eval.split, "Data to evaluate on: valid or test")
      ->check(CLI::IsMember({"valid", "test"}));

  CLI::App* explain = add_command(line, line.app, "explain",
                                  "Show what a recipe does, without training", line.explain, true);
  explain->add_option("recipe", line.explain.recipe, "Recipe file (JSON)")->required();

  CLI::App* plugins = line.app.add_subcommand("plugins", "Look at plugins");
  plugins->require_subcommand(1);
  add_command(line, *plugins, "list", "All plugins, and files that were refused",
              line.plugins_list, false);
  CLI::App* inspect = add_command(line, *plugins, "inspect", "One plugin with its options",
                                  line.plugins_inspect, false);
  inspect->add_option("id", line.plugins_inspect.id, "Id, such as ema, or a plugin file")
      ->required();
  inspect->add_option("--kind", line.plugins_inspect.kind,
                      "trick, model, dataset, objective or optimizer");
}

/// The innermost command that was named, and the names it could have been followed by.
const CLI::App* deepest(const CLI::App* app) {
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
  }
  return app;
}

std::string unknown_word(const CommandLine& line) {
  const CLI::App* command = deepest(&line.app);
  std::vector<std::string> known;
  for (const CLI::App* subcommand : command->get_subcommands({})) {
    known.push_back(subcommand->get_name());
  }
  for (const CLI::Option* option : command->get_options()) {
    for (const std::string& name : option->get_lnames()) {
      known.push_back("--" + name);
    }
  }
  for (const std::string& word : line.app.remaining(true)) {
    std::string message = "`" + word + "`: expected ";
    message += word.front() == '-' ? "an option" : "a command or an argument";
    message += " of `" + command->get_name() + "`";
    if (const auto nearest = nearest_name(word, known)) {
      message += "; did you mean `" + *nearest + "`?";
    }
    return message;
  }
  return "";
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CommandLine line;
  line.app.name("knack");
  declare(line);
  line.app.allow_extras();  // words nobody knows are reported here, with the nearest known one
  for (CLI::App* command : line.app.get_subcommands({})) {
    command->allow_extras();
  }
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return line.app.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return line.app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return line.app.exit(version);
  } catch (const CLI::ParseError& error) {
    const std::string unknown = unknown_word(line);
    throw Error(ExitCode::usage, (unknown.empty() ? std::string(error.what()) : unknown) +
                                     "; `knack --help` shows what there is");
  }
  const std::string unknown = unknown_word(line);
  if (!unknown.empty()) {
    throw Error(ExitCode::usage, unknown + "; `knack --help` shows what there is");
  }
  line.run();
  return static_cast<int>(ExitCode::ok);
}

}  // namespace knack::host
