// SPDX-License-Identifier: MIT
#include "host/app/completion.hpp"

#include <knack/abi/kinds/dataset.h>
#include <knack/abi/kinds/model.h>
#include <knack/abi/kinds/objective.h>
#include <knack/abi/kinds/optimizer.h>
#include <knack/abi/kinds/trick.h>

#include <algorithm>
#include <sstream>

#include "host/common/join.hpp"

namespace knack::host {
namespace {

/// In quotes that all three shells understand.
std::string in_quotes(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string plain_names(const std::vector<CommandFacts>& commands, const char* separator) {
  std::vector<std::string> names;
  for (const CommandFacts& command : commands) names.push_back(command.name);
  return join(names, separator);
}

/// What the scripts are to offer for a value: kinds they know, and words.
std::string takes(const ArgumentFacts& argument, const CommandFacts& program) {
  std::istringstream value(argument.value);
  std::vector<std::string> kinds;
  for (std::string kind; std::getline(value, kind, '|');) {
    if (kind == "KIND") {
      kind = join({KNACK_KIND_TRICK, KNACK_KIND_MODEL, KNACK_KIND_DATASET, KNACK_KIND_OBJECTIVE,
                   KNACK_KIND_OPTIMIZER},
                  "|");
    } else if (kind == "LANGUAGE") {
      kind = "c++|c|rust";
    } else if (kind == "COMMAND") {
      kind = plain_names(program.commands, "|");
    }
    kinds.push_back(kind);
  }
  return join(kinds, "|");
}

/// For each "PATH OPTION" and "PATH NUMBER" that takes a value, what it takes.
struct Taking {
  std::vector<std::string> patterns;  ///< "plugins inspect --kind"; the last may end with "*"
  std::string takes;
};

std::vector<Taking> takings(const CommandFacts& program) {
  std::vector<Taking> all;
  for (const CommandFacts* command : flattened(program)) {
    for (const ArgumentFacts& option : command->options) {
      if (option.value.empty()) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) patterns.push_back(command->path + " " + name);
      all.push_back({patterns, takes(option, program)});
    }
    for (std::size_t i = 0; i < command->positionals.size(); ++i) {
      const std::string place =
          command->positionals[i].is_repeated ? "[0-9]*" : std::to_string(i + 1);
      all.push_back({{command->path + " " + place}, takes(command->positionals[i], program)});
    }
  }
  return all;
}

std::string plain_names(const std::vector<ArgumentFacts>& options) {
  std::vector<std::string> names;
  for (const ArgumentFacts& option : options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return join(names, " ");
}

std::string case_pattern(const std::string& pattern) {
  const std::string repeated = "[0-9]*";
  return pattern.ends_with(repeated)
             ? in_quotes(pattern.substr(0, pattern.size() - repeated.size())) + repeated
             : in_quotes(pattern);
}

std::string posix_takes(const CommandFacts& program) {
  std::string text = "_knack_takes() {\n  takes=''\n  case \"$1 $2\" in\n";
  for (const Taking& each : takings(program)) {
    std::vector<std::string> patterns;
    for (const std::string& pattern : each.patterns) patterns.push_back(case_pattern(pattern));
    text += "    " + join(patterns, " | ") + ") takes=" + in_quotes(each.takes) + " ;;\n";
  }
  return text + "  esac\n}";
}

std::string bash_tables(const CommandFacts& program) {
  std::string text = "_knack_offers() {\n  case $1 in\n";
  for (const CommandFacts* command : flattened(program)) {
    text += "    " + in_quotes(command->path) +
            ")\n      known_commands=" + in_quotes(plain_names(command->commands, " ")) +
            "\n      known_options=" + in_quotes(plain_names(command->options)) + "\n      ;;\n";
  }
  return text + "  esac\n}\n\n" + posix_takes(program);
}

/// `name:summary`, as _describe wants it.
std::string described(const std::string& name, const std::string& summary) {
  return " " + in_quotes(name + ":" + summary);
}

std::string zsh_tables(const CommandFacts& program) {
  std::string text = "_knack_offers() {\n  case $1 in\n";
  for (const CommandFacts* command : flattened(program)) {
    text += "    (" + in_quotes(command->path) + ")\n      known_commands=(";
    for (const CommandFacts& each : command->commands) text += described(each.name, each.summary);
    text += " )\n      known_options=(";
    for (const ArgumentFacts& each : command->options) {
      for (const std::string& name : each.names) text += described(name, each.summary);
    }
    text += " )\n      ;;\n";
  }
  return text + "  esac\n}\n\n" + posix_takes(program);
}

/// A function that prints lines by its first arguments, between which `subject` has spaces.
std::string fish_function(const std::string& name, const std::string& subject,
                          const std::vector<Taking>& cases) {
  std::string text = "function " + name + "\n    switch \"" + subject + "\"\n";
  for (const Taking& each : cases) {
    text += "        case";
    for (const std::string& pattern : each.patterns) text += " " + in_quotes(pattern);
    text += "\n            printf '%s\\n'" + each.takes + "\n";
  }
  return text + "    end\nend";
}

std::string fish_tables(const CommandFacts& program) {
  std::vector<Taking> commands;
  std::vector<Taking> options;
  const auto line = [](const std::string& name, const std::string& summary) {
    return " " + in_quotes(name + "\t" + summary);
  };
  for (const CommandFacts* command : flattened(program)) {
    std::string names;
    for (const CommandFacts& each : command->commands) names += line(each.name, each.summary);
    if (!names.empty()) commands.push_back({{command->path}, names});
    names.clear();
    for (const ArgumentFacts& each : command->options) {
      for (const std::string& name : each.names) names += line(name, each.summary);
    }
    options.push_back({{command->path}, names});
  }
  std::vector<Taking> values = takings(program);
  for (Taking& each : values) {
    each.takes = " " + in_quotes(each.takes);
    std::string& pattern = each.patterns.back();
    if (pattern.ends_with("[0-9]*")) pattern.replace(pattern.size() - 6, 6, "*");
  }
  // fish takes the first case that fits; "*" would hide the options after it.
  std::stable_partition(values.begin(), values.end(),
                        [](const Taking& each) { return !each.patterns.back().ends_with('*'); });
  return fish_function("__knack_commands", "$argv[1]", commands) + "\n\n" +
         fish_function("__knack_options", "$argv[1]", options) + "\n\n" +
         fish_function("__knack_takes", "$argv[1] $argv[2]", values);
}

struct Shell {
  std::string name;
  std::string (*tables)(const CommandFacts&);
};

const std::vector<Shell> kShells = {
    {"bash", bash_tables}, {"zsh", zsh_tables}, {"fish", fish_tables}};

}  // namespace

const std::vector<std::string>& completion_shells() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Shell& shell : kShells) all.push_back(shell.name);
    return all;
  }();
  return names;
}

std::string completion_script(const std::string& shell, const CommandFacts& program) {
  const auto chosen = std::find_if(kShells.begin(), kShells.end(),
                                   [&](const Shell& each) { return each.name == shell; });
  const auto scripts = completion_scripts();
  const auto script = std::find_if(scripts.begin(), scripts.end(), [&](const EmbeddedFile& file) {
    return file.name == "knack." + shell;
  });
  const std::string mark = "@TABLES@";
  std::string text(script->content);
  return text.replace(text.find(mark), mark.size(), chosen->tables(program));
}

}  // namespace knack::host
