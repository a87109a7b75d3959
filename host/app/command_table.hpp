// SPDX-License-Identifier: MIT
// How a command says what it is called, what it takes and what runs it. Help, usage errors, shell
// completion and the manual page follow from this.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "host/app/common_options.hpp"
#include "host/common/error.hpp"

namespace knack::host {

/// Which of CommonOptions a command takes.
enum class Takes {
  nothing,  ///< --color
  plugins,  ///< also --plugin-path, --trust-writable-plugins, --quiet
  recipe,   ///< also --set
};

/// A command that was added: where its options go, and what holds their values.
template <class Options>
struct Declared {
  CLI::App& command;
  Options& options;
};

/// The tree of commands, and which one the command line chose.
class CommandTable {
 public:
  CommandTable();
  CommandTable(const CommandTable&) = delete;
  CommandTable& operator=(const CommandTable&) = delete;

  /// Adds the command `name` ("eval", or "plugins list" where group() has added "plugins"). When
  /// it is chosen, `run(options, common)` returns the exit code. The table keeps the options.
  template <class Options, class Run>
  Declared<Options> add(const std::string& name, const std::string& summary, Takes takes, Run run) {
    static_assert(std::is_invocable_r_v<int, Run, const Options&, const CommonOptions&>);
    const auto options = std::make_shared<Options>();
    CLI::App& command = add_command(name, summary, takes);
    command.final_callback([this, options, run] {
      chosen_ = [this, options, run] { return run(*options, common_); };
    });
    return {command, *options};
  }

  /// Adds a command that only has commands of its own.
  void group(const std::string& name, const std::string& summary);

  /// The tree: what the command line is parsed with, and what completion and manual are made from.
  CLI::App& root() {
    return root_;
  }

  /// Runs the command that was chosen when root() was parsed.
  int run() const {
    return chosen_();
  }

 private:
  CLI::App& add_subcommand(const std::string& name, const std::string& summary);
  CLI::App& add_command(const std::string& name, const std::string& summary, Takes takes);

  CLI::App root_;
  CommonOptions common_;
  std::function<int()> chosen_;
};

/// The option takes one of `words`, each in lower case; anything else is a usage error that lists
/// them and suggests the nearest. Help shows `a|b|c` as the value. Returns `option`.
CLI::Option* choices(CLI::Option* option, const std::vector<std::string>& words);

/// Ends the command's help with these example lines and what every help text ends with.
void add_example(CLI::App& command, const std::vector<std::string>& lines);

/// `knack plugins inspect`
std::string full_name(const CLI::App& command);

}  // namespace knack::host
