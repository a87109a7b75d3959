// SPDX-License-Identifier: MIT
#include "host/app/command_table.hpp"

#include <knack/abi/version.h>

#include <algorithm>
#include <map>

#include "host/common/join.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/ui/color.hpp"

namespace knack::host {
namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 success, 2 command line, 3 recipe, 4 plugin, 5 data, 6 training, 1 other;\n"
    "128 + n: stopped by signal n, everything saved unless a second one came";

void add_color(CLI::App& command) {
  const std::map<std::string, ColorChoice> words = {{"auto", ColorChoice::automatic},
                                                    {"always", ColorChoice::always},
                                                    {"never", ColorChoice::never}};
  CLI::Option* option = command.add_option_function<std::string>(
      "--color", [words](const std::string& word) { choose_color(words.at(word)); },
      "Use colours; auto: on a terminal, unless NO_COLOR is set");
  choices(option, {"auto", "always", "never"})->default_str("auto");
}

void add_common(CLI::App& command, CommonOptions& common, Takes takes) {
  if (takes == Takes::recipe) {
    command
        .add_option("--set", common.overrides,
                    "Override a value of the recipe: trainer.epochs=3, tricks[ema].decay=0.99")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
  }
  if (takes != Takes::nothing) {
    command.add_option("--plugin-path", common.plugin_places, "Also look for plugins here")
        ->type_name("FOLDER|FILE")
        ->allow_extra_args(false);
    command.add_flag("--trust-writable-plugins", common.trusts_writable_plugins,
                     "Also use plugins that others than root and you can write to");
    command.add_flag("-q,--quiet", common.quiet, "Show warnings only");
  }
  add_color(command);
}

}  // namespace

CommandTable::CommandTable()
    : root_("knack trains neural networks; everything but the training loop is a plugin", "knack") {
  root_.set_version_flag("--version", "knack " KNACK_VERSION_STRING);
  root_.require_subcommand(1);
  root_.footer(kExitCodes);
  root_.allow_extras();  // words nobody knows are reported with the nearest known one
}

CLI::App& CommandTable::add_subcommand(const std::string& name, const std::string& summary) {
  const std::size_t space = name.rfind(' ');
  CLI::App* parent =
      space == std::string::npos ? &root_ : root_.get_subcommand(name.substr(0, space));
  return *parent->add_subcommand(name.substr(space + 1), summary);
}

CLI::App& CommandTable::add_command(const std::string& name, const std::string& summary,
                                    Takes takes) {
  CLI::App& command = add_subcommand(name, summary);
  add_common(command, common_, takes);
  return command;
}

void CommandTable::group(const std::string& name, const std::string& summary) {
  add_subcommand(name, summary).require_subcommand(1);
}

CLI::Option* choices(CLI::Option* option, const std::vector<std::string>& words) {
  return option->type_name(join(words, "|"))->check([words](const std::string& word) {
    const bool is_known = std::find(words.begin(), words.end(), word) != words.end();
    return is_known ? std::string()
                    : "expected one of " + backticked_list(words) + ", found " + backticked(word) +
                          suggestion(word, words);
  });
}

void add_example(CLI::App& command, const std::vector<std::string>& lines) {
  command.footer("Example:\n  " + join(lines, "\n  ") + "\n\n" + kExitCodes);
}

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return (parent == nullptr ? "" : full_name(*parent) + " ") + command.get_name();
}

}  // namespace knack::host
