// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <regex>
#include <system_error>

#include "host/app/command_environment.hpp"
#include "host/app/commands/commands.hpp"
#include "host/app/pins.hpp"
#include "host/app/signals.hpp"
#include "host/common/error.hpp"
#include "host/common/installation.hpp"
#include "host/common/json_text.hpp"
#include "host/plugin/host_facts.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/recipe/load.hpp"
#include "host/validate/checks.hpp"
#include "host/validate/clean_text.hpp"
#include "host/validate/interruption.hpp"
#include "host/validate/report.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

struct ValidateCommand {
  std::vector<std::string> plugins;  ///< files, or ids of what they provide
  int level = 4;                     ///< the highest, 1 to 4
  std::string include;               ///< regular expression on names of checks; empty: all
  std::string exclude;               ///< the same; empty: none
  std::uint64_t seed = 1;
  fs::path recipe;  ///< one that uses the plugins; empty: that of the installation
  bool json = false;
  fs::path junit;       ///< also write a report there; empty: no
  bool strict = false;  ///< warnings are failures
  int timeout = 0;      ///< seconds for a check; 0: each check's own limit
};

// Part of the command line's contract, as ExitCode is for the other commands.
constexpr int kPassed = 0;
constexpr int kFailed = 1;
constexpr int kCannotBeLoaded = 3;

constexpr int kFirstLevelThatTrains = 3;

[[noreturn]] void refuse(const std::string& problem) {
  throw Error("E0105", problem);
}

std::regex regex_of(const char* option, const std::string& text) {
  try {
    return std::regex(text, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    refuse(std::string(option) + " " + backticked(text) +
           ": expected a regular expression, found one that is wrong: " + error.what());
  }
}

/// The names of the checks that the command line asks for.
std::vector<std::string> wanted_names(const ValidateCommand& command,
                                      const std::vector<Check>& checks) {
  const std::regex include = regex_of("--include", command.include);
  const std::regex exclude = regex_of("--exclude", command.exclude);
  std::vector<std::string> names;
  for (const Check& check : checks) {
    if (check.level <= command.level && std::regex_search(check.name, include) &&
        (command.exclude.empty() || !std::regex_search(check.name, exclude))) {
      names.push_back(check.name);
    }
  }
  if (names.empty()) {
    refuse(
        "no check is left: expected --level, --include and --exclude that choose some, such as "
        "--include '^load'");
  }
  return names;
}

bool is_one_of(const std::string& name, const std::vector<std::string>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool names_a_file(const std::string& text) {
  const fs::path path(text);
  return path.has_parent_path() || path.extension() == ".so";
}

/// The file that an argument means: itself, or the one that provides an id.
fs::path file_of(const std::string& plugin, const Registry& registry) {
  if (names_a_file(plugin)) {
    std::error_code failure;
    const fs::path file = fs::canonical(plugin, failure);
    if (failure || fs::is_directory(file)) {
      refuse(one_line(plugin) + ": expected a plugin file, found " +
             (failure ? "none" : "a folder") + "; correct this path");
    }
    return fs::absolute(plugin);
  }
  std::vector<std::string> ids;
  for (const PluginFile& file : registry.files()) {
    for (const Provided& provided : file.checked.manifest.provides) {
      if (provided.id == plugin) return file.place;
      ids.push_back(provided.id);
    }
    if (!file.is_usable() && file.checked.path.stem() == plugin) return file.place;
  }
  refuse(backticked(plugin) + ": no plugin provides it" + suggestion(plugin, ids) +
         "; `knack plugins list` shows what there is, and a file is named with its folder");
}

bool provide_the_same(const PluginFile& one, const PluginFile& other) {
  const auto has = [&](const Provided& wanted) {
    const std::vector<Provided>& provides = one.checked.manifest.provides;
    return std::any_of(provides.begin(), provides.end(), [&](const Provided& each) {
      return each.kind == wanted.kind && each.id == wanted.id;
    });
  };
  const std::vector<Provided>& provides = other.checked.manifest.provides;
  return std::any_of(provides.begin(), provides.end(), has);
}

/// The recipe to try plugins in, and the folders it adds to those in which plugins are looked for.
struct TrialRecipe {
  fs::path file;
  Recipe recipe;
  bool is_given = false;

  bool uses(const PluginFile& file) {
    const std::vector<Provided>& provides = file.checked.manifest.provides;
    for (const auto& [kind, section] : plugin_sections(recipe)) {
      for (const Provided& provided : provides) {
        if (provided.kind == kind && provided.id == section->use) return true;
      }
    }
    return false;
  }
};

TrialRecipe trial_recipe(const ValidateCommand& command, bool is_needed) {
  TrialRecipe trial;
  trial.is_given = !command.recipe.empty();
  trial.file =
      fs::absolute(trial.is_given ? command.recipe : installed_share_folder() / "validate.json");
  if (!trial.is_given && !is_needed) return trial;
  Diagnostics diagnostics;
  trial.recipe = read_recipe(load_document(trial.file, {}, diagnostics), diagnostics);
  diagnostics.throw_if_any();
  return trial;
}

/// Knows one plugin file, and all others that provide nothing it provides.
struct Workplace {
  Workplace(const fs::path& file, const Registry& others, const PluginPolicy& policy) {
    const Registry alone({file}, this_host(), policy);
    std::vector<fs::path> places = {file};
    for (const PluginFile& other : others.files()) {
      if (other.is_usable() && !provide_the_same(alone.files().front(), other)) {
        places.push_back(other.checked.path);
      }
    }
    registry = std::make_unique<Registry>(places, this_host(), policy);
  }

  const PluginFile& file() const {
    return registry->files().front();
  }

  std::unique_ptr<Registry> registry;
};

int exit_code_of(const std::vector<FileReport>& reports, bool is_strict) {
  int code = kPassed;
  for (const FileReport& report : reports) {
    if (!report.can_be_loaded) return kCannotBeLoaded;
    for (const Outcome& outcome : report.outcomes) {
      const Verdict verdict = outcome.finding.verdict;
      if (verdict == Verdict::failed || (is_strict && verdict == Verdict::warned)) code = kFailed;
    }
  }
  return code;
}

/// Everything that is wrong with the command line comes out here, before any check runs.
struct Plan {
  std::vector<Check> checks;
  std::vector<std::string> wanted;
  TrialRecipe trial;
  std::vector<std::unique_ptr<Workplace>> workplaces;
  std::ofstream junit;
};

Plan plan_of(const ValidateCommand& command, const CommonOptions& common,
             const CommandEnvironment& environment) {
  Plan plan;
  plan.checks = all_checks();
  plan.wanted = wanted_names(command, plan.checks);
  const bool trains = std::any_of(plan.checks.begin(), plan.checks.end(), [&](const Check& check) {
    return check.level >= kFirstLevelThatTrains && is_one_of(check.name, plan.wanted);
  });
  plan.trial = trial_recipe(command, trains);
  SearchPlaces places = environment.plugin_places();
  places.recipe.assign(plan.trial.recipe.plugin_path.begin(), plan.trial.recipe.plugin_path.end());
  const PluginPolicy policy{common.trusts_writable_plugins, pins_of(plan.trial.recipe)};
  const Registry registry(search_folders(places), this_host(), policy);
  for (const std::string& plugin : command.plugins) {
    plan.workplaces.push_back(
        std::make_unique<Workplace>(file_of(plugin, registry), registry, policy));
    const PluginFile& file = plan.workplaces.back()->file();
    if (plan.trial.is_given && file.is_usable() && !plan.trial.uses(file)) {
      refuse(backticked_path(command.recipe) + ": expected a recipe that uses " +
             backticked_path(file.checked.path.filename()) + ", found one that does not");
    }
    if (file.is_usable()) plan.workplaces.back()->registry->check_pins(file.checked);
  }
  if (!command.junit.empty()) {
    plan.junit.open(command.junit, std::ios::binary);
    if (!plan.junit) refuse("--junit " + backticked_path(command.junit) + ": cannot be written");
  }
  return plan;
}

std::vector<FileReport> run(const Plan& plan, const ValidateCommand& command) {
  RunnerOptions options;
  if (command.timeout > 0) options.limit = std::chrono::seconds(command.timeout);
  options.recipe = plan.trial.file;
  options.recipe_has_plugin = plan.trial.is_given;
  options.seed = command.seed;
  const auto is_wanted = [&](const Check& check) { return is_one_of(check.name, plan.wanted); };
  std::size_t width = 0;
  for (const std::string& name : plan.wanted) width = std::max(width, name.size());
  OutcomeTable table(std::cout, width);
  const auto report = [&](const Outcome& outcome) {
    if (!command.json) table.add(outcome);
  };
  std::vector<FileReport> reports;
  for (const auto& workplace : plan.workplaces) {
    const PluginFile& file = workplace->file();
    if (!command.json) std::cout << clean_text(file.checked.path.string()) << std::endl;
    reports.push_back(
        run_checks(plan.checks, is_wanted, *workplace->registry, file, options, report));
    table.end_file();
    if (!command.json) std::cout << summary_text(reports.back()) << std::endl;
  }
  return reports;
}

/// What goes wrong here is not the plugin's fault, and must not look like it.
[[noreturn]] void give_up(const std::string& problem) {
  throw Error("E0503", problem);
}

void write_reports(const std::vector<FileReport>& reports, int code, Plan& plan,
                   const ValidateCommand& command) {
  if (command.json) std::cout << json_text(json_report(reports, command.seed, code)) << std::endl;
  if (!std::cout.flush()) give_up("standard output: cannot be written");
  if (plan.junit.is_open() && !(plan.junit << junit_report(reports, command.strict)).flush()) {
    give_up("--junit " + backticked_path(command.junit) +
            ": cannot be written; name a file on a disk that has room");
  }
}

int validate(const ValidateCommand& command, const CommonOptions& common) {
  CommandEnvironment environment(common);
  Plan plan;
  try {
    plan = plan_of(command, common, environment);
  } catch (const Error& error) {
    throw Error(ExitCode::usage, error.diagnostics());
  }
  try {
    const Interruption interruption;
    const std::vector<FileReport> reports = run(plan, command);
    const int code = exit_code_of(reports, command.strict);
    write_reports(reports, code, plan, command);
    return code;
  } catch (const Interrupted& interrupted) {
    environment.console().warning(std::string("stopped by ") + signal_name(interrupted.signal));
    return 128 + interrupted.signal;
  } catch (const std::system_error& error) {
    give_up(std::string("the checks cannot go on: ") + error.what());
  } catch (const std::bad_alloc&) {
    give_up("the checks cannot go on: out of memory");
  }
}

}  // namespace

void declare_validate(CommandTable& table) {
  auto [command, options] = table.add<ValidateCommand>(
      "plugins validate", "Check that a plugin keeps the rules", Takes::plugins, validate);
  command.footer(
      "Exit codes: 0 all passed, 1 a check failed (with --strict also: warned), 2 command line, "
      "3 a file cannot be loaded");
  command.add_option("plugin", options.plugins, "Plugin files, or ids such as ema")
      ->type_name("FILE|ID")
      ->required();
  command
      .add_option("--level", options.level,
                  "Highest level of checks: 1 file, 2 load, 3 behaviour, 4 state and stress")
      ->check(CLI::Range(1, 4))
      ->capture_default_str();
  command.add_option("--include", options.include, "Only checks with names that match")
      ->type_name("REGEX");
  command.add_option("--exclude", options.exclude, "No checks with names that match")
      ->type_name("REGEX");
  command.add_option("--seed", options.seed, "Of all that is random")->capture_default_str();
  command
      .add_option("--recipe", options.recipe,
                  "Recipe that uses the plugin, for those that need options or certain data")
      ->type_name("RECIPE")
      ->check(CLI::ExistingFile);
  command.add_flag("--json", options.json, "Print JSON");
  command.add_option("--junit", options.junit, "Also write a report in JUnit's form")
      ->type_name("FILE");
  command.add_flag("--strict", options.strict, "Warnings are failures");
  command
      .add_option("--timeout", options.timeout, "Seconds for each check, in place of its own limit")
      ->check(CLI::Range(1, 86400));
}

}  // namespace knack::host
