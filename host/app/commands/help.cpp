// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <iostream>

#include "host/app/commands/commands.hpp"
#include "host/app/page_text.hpp"
#include "host/common/error_catalogue.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/ui/color.hpp"

namespace knack::host {
namespace {

struct HelpCommand {
  std::vector<std::string> words;  ///< an error's code, or a command
};

/// E0312, e312 and 0312 alike; no command begins so.
bool looks_like_a_code(const std::string& word) {
  const std::size_t start = word.starts_with('E') || word.starts_with('e') ? 1 : 0;
  return word.size() > start && std::isdigit(static_cast<unsigned char>(word[start])) != 0;
}

/// The command that the words name from the root on.
const CLI::App& find_command(const CLI::App& root, const std::vector<std::string>& words) {
  const CLI::App* command = &root;
  for (const std::string& word : words) {
    std::vector<std::string> names;
    const CLI::App* found = nullptr;
    for (const CLI::App* child : command->get_subcommands({})) {
      if (child->get_group().empty()) continue;  // not in help
      names.push_back(child->get_name());
      if (child->get_name() == word) found = child;
    }
    if (found == nullptr) {
      Diagnostic problem{
          .id = "E0101",
          .sentence = "`" + full_name(*command) + "` has no command " + backticked(word),
          .helps = suggestions(word, names)};
      problem.helps.push_back(names.empty() ? "leave it out"
                                            : "its commands are " + backticked_list(names));
      throw Error(problem);
    }
    command = found;
  }
  return *command;
}

/// Nothing is printed unless all codes are known.
void print_pages(const std::vector<std::string>& codes) {
  std::string text;
  for (const std::string& code : codes) {
    text += (text.empty() ? "" : "\n") + page_text(error_page(code), has_color(STDOUT_FILENO));
  }
  std::cout << text;
}

}  // namespace

void declare_help(CommandTable& table) {
  const auto help = [&table](const HelpCommand& request, const CommonOptions&) {
    const std::vector<std::string>& words = request.words;
    if (!words.empty() && std::all_of(words.begin(), words.end(), looks_like_a_code)) {
      print_pages(words);
      return static_cast<int>(ExitCode::ok);
    }
    const CLI::App& command = find_command(table.root(), words);
    if (words.empty()) {
      std::cout << command.get_formatter()->make_help(&command, full_name(command),
                                                      CLI::AppFormatMode::Normal);
    } else {
      std::cout << command.help(full_name(*command.get_parent()));
    }
    return static_cast<int>(ExitCode::ok);
  };
  auto [command, options] =
      table.add<HelpCommand>("help", "Explain an error's code, or a command", Takes::nothing, help);
  command.add_option("words", options.words, "Errors' codes, such as E0312, or a command")
      ->type_name("CODE|COMMAND");
  add_example(command, {"knack help E0312", "knack help plugins inspect"});
}

}  // namespace knack::host
