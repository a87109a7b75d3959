// SPDX-License-Identifier: MIT
#include "host/app/manual.hpp"

#include <sstream>

#include "host/common/join.hpp"

namespace knack::host {
namespace {

/// Text in which nothing means anything to mdoc.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  const bool is_request = result.starts_with('.') || result.starts_with('\'');
  return is_request ? "\\&" + result : result;
}

/// One word for a macro, even where it is the name of another macro or punctuation.
std::string word(const std::string& text) {
  return "\\&" + escaped(text);
}

std::string value_text(const ArgumentFacts& option) {
  return option.value.empty() ? "" : " Ar " + word(option.value);
}

std::string synopsis(const CommandFacts& command) {
  std::string text = ".Nm\n.Cm " + escaped(command.path) + "\n.Op Ar options\n";
  for (const ArgumentFacts& argument : command.positionals) {
    const std::string name = word(argument.names.front());
    text += (argument.is_required ? ".Ar " : ".Op Ar ") + name +
            (argument.is_repeated ? " ...\n" : "\n");
  }
  return text;
}

/// What is said of an option or argument below its names.
std::string meaning(const ArgumentFacts& argument) {
  std::string text = argument.summary;
  if (!argument.range.empty()) text += "; " + argument.range;
  if (!argument.default_text.empty()) text += "; default: " + argument.default_text;
  if (argument.is_repeated) text += "; may be given several times";
  return escaped(text) + ".\n";
}

std::string option_item(const ArgumentFacts& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.names) names.push_back("Fl " + escaped(name.substr(1)));
  return ".It " + join(names, " , ") + value_text(option) + "\n" + meaning(option);
}

/// The lines between "Example:" and the empty line after them.
std::string examples(const CommandFacts& command) {
  std::istringstream footer(command.footer);
  std::string lines;
  bool is_inside = false;
  for (std::string line; std::getline(footer, line);) {
    if (is_inside && line.empty()) break;
    if (is_inside) lines += escaped(line.substr(line.find_first_not_of(' '))) + "\n";
    if (line == "Example:") is_inside = true;
  }
  return lines.empty() ? "" : ".Pp\nFor example:\n.Bd -literal -offset indent\n" + lines + ".Ed\n";
}

std::string section(const CommandFacts& command) {
  std::string text = ".Ss knack " + escaped(command.path) + "\n" + synopsis(command) + ".Pp\n" +
                     escaped(command.summary) + ".\n.Bl -tag -width Ds\n";
  for (const ArgumentFacts& argument : command.positionals) {
    text += ".It Ar " + word(argument.names.front()) + "\n" + meaning(argument);
  }
  for (const ArgumentFacts& option : command.options) text += option_item(option);
  return text + ".El\n" + examples(command);
}

}  // namespace

std::string manual_page(const CommandFacts& program) {
  std::string sections;
  for (const CommandFacts* command : flattened(program)) {
    if (command->commands.empty()) sections += section(*command);
  }
  const std::string mark = "@COMMANDS@\n";
  std::string page(manual_texts().front().content);
  return page.replace(page.find(mark), mark.size(), sections);
}

}  // namespace knack::host
