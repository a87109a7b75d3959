// SPDX-License-Identifier: MIT
#include "host/app/command_line.hpp"

#include <c10/util/Exception.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <string>
#include <type_traits>
#include <vector>

#include "host/app/commands/commands.hpp"
#include "host/common/error.hpp"
#include "host/recipe/diagnostics.hpp"

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
  PluginsValidateCommand plugins_validate;
  PluginsLockCommand plugins_lock;
  NewCommand create;
  std::function<int()> run;
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
  command.add_flag("--trust-writable-plugins", common.trusts_writable_plugins,
                   "Also use plugins that others than root and you can write to");
  command.add_flag("-q,--quiet", common.quiet, "Show warnings only");
}

template <class Command>
CLI::App* add_command(CommandLine& line, CLI::App& parent, const std::string& name,
                      const std::string& help, Command& command, bool takes_recipe) {
  CLI::App* added = parent.add_subcommand(name, help);
  add_common(*added, line.common, takes_recipe);
  added->final_callback([&line, &command] {
    line.run = [&line, &command] {
      if constexpr (std::is_void_v<decltype(run_command(command, line.common))>) {
        run_command(command, line.common);
        return static_cast<int>(ExitCode::ok);
      } else {
        return run_command(command, line.common);
      }
    };
  });
  return added;
}

void declare_new(CommandLine& line) {
  CLI::App* create = line.app.add_subcommand("new", "Begin a plugin of your own");
  create
      ->add_option("kind", line.create.project.kind,
                   "trick, model, dataset, objective or optimizer")
      ->type_name("KIND")
      ->required();
  create
      ->add_option("id", line.create.project.id,
                   "Your name, a dot and the plugin's: acme.lookahead")
      ->type_name("ID")
      ->required();
  create->add_option("--lang", line.create.project.language, "c++, c or rust")
      ->type_name("LANGUAGE")
      ->capture_default_str();
  create
      ->add_option("--dir", line.create.project.folder,
                   "New folder for the project; by default the last part of the id")
      ->type_name("FOLDER");
  create->final_callback([&line] {
    line.run = [&line] {
      run_command(line.create);
      return static_cast<int>(ExitCode::ok);
    };
  });
}

void declare_lock(CommandLine& line, CLI::App& plugins) {
  CLI::App* lock = add_command(line, plugins, "lock", "Pin the plugins of a recipe by their sha256",
                               line.plugins_lock, false);
  lock->add_option("recipe", line.plugins_lock.recipe, "Recipe file (JSON), which is changed")
      ->type_name("FILE")
      ->required();
  lock->add_flag("--check", line.plugins_lock.check,
                 "Change nothing; fail when a pin is missing or is of another file");
}

void declare_validate(CommandLine& line, CLI::App& plugins) {
  PluginsValidateCommand& command = line.plugins_validate;
  CLI::App* validate =
      add_command(line, plugins, "validate", "Check that a plugin keeps the rules", command, false);
  validate->footer(
      "Exit codes: 0 all passed, 1 a check failed (with --strict also: warned), 2 command line, "
      "3 a file cannot be loaded");
  validate->add_option("plugin", command.plugins, "Plugin files, or ids such as ema")
      ->type_name("FILE|ID")
      ->required();
  validate
      ->add_option("--level", command.level,
                   "Highest level of checks: 1 file, 2 load, 3 behaviour, 4 state and stress")
      ->check(CLI::Range(1, 4))
      ->capture_default_str();
  validate->add_option("--include", command.include, "Only checks with names that match")
      ->type_name("REGEX");
  validate->add_option("--exclude", command.exclude, "No checks with names that match")
      ->type_name("REGEX");
  validate->add_option("--seed", command.seed, "Of all that is random")->capture_default_str();
  validate
      ->add_option("--recipe", command.recipe,
                   "Recipe that uses the plugin, for those that need options or certain data")
      ->type_name("FILE")
      ->check(CLI::ExistingFile);
  validate->add_flag("--json", command.json, "Print JSON");
  validate->add_option("--junit", command.junit, "Also write a report in JUnit's form")
      ->type_name("FILE");
  validate->add_flag("--strict", command.strict, "Warnings are failures");
  validate
      ->add_option("--timeout", command.timeout,
                   "Seconds for each check, in place of its own limit")
      ->check(CLI::Range(1, 86400));
}

void declare(CommandLine& line) {
  line.app.set_version_flag("--version", "knack " KNACK_VERSION_STRING);
  line.app.require_subcommand(1);
  line.app.footer(
      "Exit codes: 0 success, 2 command line, 3 recipe, 4 plugin, 5 data, 6 training, 1 other; "
      "128 + n: stopped by signal n with everything saved");

  CLI::App* train =
      add_command(line, line.app, "train", "Train what a recipe describes", line.train, true);
  train
      ->add_option("recipe", line.train.recipe,
                   "Recipe file (JSON); with --resume by default that of the run")
      ->type_name("FILE");
  train->add_option("--run-dir", line.train.run_folder, "New or empty folder for this run")
      ->type_name("FOLDER");
  train
      ->add_option("--resume", line.train.resume,
                   "Go on with a run; auto: with the newest that has not come to its end")
      ->type_name("RUN|auto")
      ->check([](const std::string& text) {
        return text.empty() ? "expected a run folder or auto, found nothing" : std::string();
      });
  train
      ->add_option("--allow-change", line.train.allowed_changes,
                   "Go on although this key of the recipe differs from that of the run")
      ->type_name("KEY")
      ->allow_extra_args(false);

  CLI::App* eval =
      add_command(line, line.app, "eval", "Evaluate weights of a run", line.eval, true);
  eval->add_option("run", line.eval.run, "Run folder")->type_name("FOLDER")->required();
  eval->add_option("--weights", line.eval.weights,
                   "Weight set: live, ema, average, ...; by default the chosen one")
      ->type_name("SET");
  eval->add_option("--split", line.eval.split, "Data to evaluate on: valid or test")
      ->check(CLI::IsMember({"valid", "test"}));

  CLI::App* explain = add_command(line, line.app, "explain",
                                  "Show what a recipe does, without training", line.explain, true);
  explain->add_option("recipe", line.explain.recipe, "Recipe file (JSON)")
      ->type_name("FILE")
      ->required();

  declare_new(line);

  CLI::App* plugins = line.app.add_subcommand("plugins", "Look at plugins");
  plugins->require_subcommand(1);
  add_command(line, *plugins, "list", "All plugins, and files that were refused", line.plugins_list,
              false)
      ->add_flag("--json", line.plugins_list.json, "Print JSON");
  CLI::App* inspect = add_command(line, *plugins, "inspect", "One plugin with its options",
                                  line.plugins_inspect, false);
  inspect->add_option("id", line.plugins_inspect.id, "Id, such as ema, or a plugin file")
      ->type_name("ID|FILE")
      ->required();
  inspect->add_flag("--json", line.plugins_inspect.json, "Print JSON, with the options' schema");
  inspect
      ->add_option("--kind", line.plugins_inspect.kind,
                   "trick, model, dataset, objective or optimizer")
      ->type_name("KIND");
  declare_validate(line, *plugins);
  declare_lock(line, *plugins);
}

/// The innermost command that was named.
const CLI::App* deepest(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

/// `knack plugins inspect`
std::string full_name(const CLI::App* command) {
  const CLI::App* parent = command->get_parent();
  return (parent == nullptr ? "" : full_name(parent) + " ") + command->get_name();
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  return names;
}

/// What is wrong with a word that no command takes.
std::string describe_unknown(const std::string& word, const CLI::App* command) {
  std::vector<std::string> known = names_of(command->get_subcommands({}));
  std::string expected = known.empty() ? "no further argument" : "a command";
  if (word.starts_with('-')) {
    expected = "an option";
    known.clear();
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  }
  return backticked(word) + ": expected " + expected + " of `" + full_name(command) + "`" +
         suggestion(word, known);
}

[[noreturn]] void refuse(const CLI::App* command, const std::string& problem) {
  throw Error(ExitCode::usage, problem + (problem.ends_with('?') ? " `" : "; `") +
                                   full_name(command) + " --help` shows what there is");
}

void refuse_unknown_words(const CommandLine& line) {
  const CLI::App* command = deepest(&line.app);
  const std::vector<std::string> words = line.app.remaining(true);
  if (!words.empty()) refuse(command, describe_unknown(words.front(), command));
}

/// A command that was not named, or an argument that a command needs.
std::string describe_missing(const CLI::RequiredError& error, const CLI::App* command) {
  const std::vector<std::string> commands = names_of(command->get_subcommands({}));
  return "`" + full_name(command) + "`: " +
         (commands.empty() ? error.what()
                           : "expected one of the commands " + backticked_list(commands));
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CommandLine line;
  line.app.name("knack");
  declare(line);
  line.app.allow_extras();  // words nobody knows are reported here, with the nearest known one
  for (CLI::App* command : line.app.get_subcommands({})) command->allow_extras();
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return line.app.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return line.app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return line.app.exit(version);
  } catch (const CLI::ParseError& error) {
    refuse_unknown_words(line);
    const CLI::App* command = deepest(&line.app);
    const auto* missing = dynamic_cast<const CLI::RequiredError*>(&error);
    refuse(command, missing == nullptr ? error.what() : describe_missing(*missing, command));
  }
  refuse_unknown_words(line);
  try {
    return line.run();
  } catch (const c10::Error& error) {  // its what() has a backtrace, which helps no user
    throw Error(ExitCode::training, error.what_without_backtrace());
  }
}

}  // namespace knack::host
