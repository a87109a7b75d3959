// SPDX-License-Identifier: MIT
// What the command line takes, as data: completion scripts and the manual page are made from it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace knack::host {

/// An option or an argument by position.
struct ArgumentFacts {
  std::vector<std::string> names;  ///< "-q", "--quiet"; by position: "recipe"
  std::string summary;
  std::string value;         ///< "FOLDER|FILE", "valid|test"; empty: a flag
  std::string range;         ///< "INT in [1 - 4]"; empty: not limited
  std::string default_text;  ///< empty: none, or described in the summary
  bool is_required = false;
  bool is_repeated = false;
};

struct CommandFacts {
  std::string path;  ///< "plugins inspect"; empty: the program
  std::string name;
  std::string summary;
  std::string footer;
  std::vector<ArgumentFacts> options;
  std::vector<ArgumentFacts> positionals;
  std::vector<CommandFacts> commands;  ///< without hidden ones
};

CommandFacts facts_of(const CLI::App& command);

/// The command, then all below it, in the order of help.
std::vector<const CommandFacts*> flattened(const CommandFacts& command);

}  // namespace knack::host
