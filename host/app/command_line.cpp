// SPDX-License-Identifier: MIT
#include "host/app/command_line.hpp"

#include <c10/util/Exception.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "host/app/commands/commands.hpp"
#include "host/common/error.hpp"
#include "host/common/shell_word.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/recipe/load.hpp"
#include "host/recipe/setting_advice.hpp"

namespace knack::host {
namespace {

/// A variable of a shell that is not set gives an empty text, which must not mean that an option
/// was not given.
void refuse_empty_values(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    if (option->get_positional()) continue;
    option->check([](const std::string& text) {
      return text.empty() ? "expected a value, found an empty one" : std::string();
    });
  }
  for (CLI::App* subcommand : command.get_subcommands({})) refuse_empty_values(*subcommand);
}

/// The innermost command that was named.
const CLI::App* deepest(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands) {
    if (!command->get_group().empty()) names.push_back(command->get_name());  // shown in help
  }
  return names;
}

/// A word as it was most likely written.
std::string written(const std::string& word) {
  const bool needs_quotes =
      word.empty() || word.find_first_of(" \t\n\"'\\$`|&;<>()*?#") != word.npos;
  return needs_quotes ? shell_word(word) : word;
}

/// The command line as one line, in which messages mark a word.
class CommandText {
 public:
  CommandText(int argc, char** argv) : words_(argv + 1, argv + argc) {
    for (const std::string& word : words_) {
      text_ += " ";
      begins_.push_back(text_.size());
      text_ += written(word);
    }
  }

  /// The place of the word `index` from its byte `from` on; behind the last word it is the end.
  SourcePlace place(std::size_t index, std::size_t from = 0) const {
    const bool is_end = index >= words_.size();
    const std::string line = text_ + " ";
    const std::size_t begin = is_end ? line.size() : begins_[index] + from;
    const std::size_t size = is_end ? 0 : written(words_[index]).size() - from;
    const std::size_t column = 1 + count_code_points(std::string_view(line).substr(0, begin));
    const std::size_t width = count_code_points(std::string_view(line).substr(begin, size));
    SourcePlace place =
        SourceText(line).place("command line", {1, column, std::max<std::size_t>(1, width)});
    place.is_argument = true;
    return place;
  }

  /// The last word of which `word` is the beginning up to a `=`, or all; behind the last if none.
  std::size_t find(const std::string& word) const {
    for (std::size_t i = words_.size(); i > 0; --i) {
      if (words_[i - 1] == word || words_[i - 1].starts_with(word + "=")) return i - 1;
    }
    return words_.size();
  }

  /// The place of the value that the option `name` was given.
  SourcePlace value_of(const std::string& name) const {
    const std::size_t option = find(name);
    if (option == words_.size()) return {};
    const std::size_t equals = words_[option].find('=');
    return equals == std::string::npos ? place(option + 1) : place(option, equals + 1);
  }

  std::size_t size() const {
    return words_.size();
  }

  const std::vector<std::string>& words() const {
    return words_;
  }

 private:
  std::vector<std::string> words_;
  std::string text_ = "knack";
  std::vector<std::size_t> begins_;
};

[[noreturn]] void refuse(const CLI::App* command, Diagnostic problem) {
  problem.helps.push_back("`" + full_name(*command) + " --help` shows what there is");
  throw Error(problem);
}

bool is_file(const std::string& word) {
  std::error_code failure;
  return std::filesystem::is_regular_file(word, failure);
}

/// The recipe among the words, as far as it can be read; an empty one if none can.
Json recipe_among(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (!is_file(word)) continue;
    try {
      Diagnostics diagnostics;
      return load_document(word, {}, diagnostics).root;
    } catch (const Error&) {  // some other file, or a recipe whose errors come later
    }
  }
  return Json::object();
}

/// A `--set` that means what `word` says in another way: `--epochs 3`, `trainer.epochs=3`, or
/// `--set trainer.epochs 3`, whose 3 may have been taken for the recipe and `word` be that.
std::vector<std::string> advice_to_set(const CLI::App& command, const std::string& word,
                                       const CommandText& text) {
  if (command.get_option_no_throw("--set") == nullptr) return {};
  const std::vector<std::string>& words = text.words();
  const Json recipe = recipe_among(words);
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string& path = words[i - 1];
    const bool is_setting = words[i - 2] == "--set" && path.find('=') == path.npos;
    const bool is_value = !is_file(words[i]) && (words[i] == word || is_file(word));
    if (is_setting && is_value) return setting_advice(path, words[i], recipe);
  }
  const bool is_option = word.starts_with("--");
  const std::size_t begin = is_option ? 2 : 0;
  const std::size_t equals = word.find('=');
  if (equals != word.npos) {
    return setting_advice(word.substr(begin, equals - begin), word.substr(equals + 1), recipe);
  }
  if (!is_option) return {};
  const std::size_t next = text.find(word) + 1;
  const bool has_value =
      next < words.size() && !words[next].starts_with("--") && !is_file(words[next]);
  return setting_advice(word.substr(begin), has_value ? words[next] : "", recipe);
}

/// What is wrong with a word that no command takes.
void refuse_unknown_words(const CLI::App& root, const CommandText& text) {
  const CLI::App* command = &root;  // the outermost that was given a word it does not know
  while (command->remaining().empty() && !command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
  }
  const std::vector<std::string> words = command->remaining();
  if (command->get_prefix_command() || words.empty()) return;
  const std::string& word = words.front();
  const std::string name = "`" + full_name(*command) + "`";
  Diagnostic problem{.id = "E0104",
                     .sentence = name + " takes no argument " + backticked(word),
                     .label = "expected no further argument"};
  std::vector<std::string> known = names_of(command->get_subcommands({}));
  if (word.starts_with('-')) {
    problem.id = "E0102";
    problem.sentence = name + " has no option " + backticked(word);
    problem.label = "no such option";
    known.clear();
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& known_name : option->get_lnames()) known.push_back("--" + known_name);
    }
  } else if (!known.empty()) {
    problem.id = "E0101";
    problem.sentence = name + " has no command " + backticked(word);
    problem.label = "no such command";
  }
  problem.place = text.place(text.find(word));
  problem.helps = advice_to_set(*command, word, text);
  if (problem.helps.empty()) problem.helps = suggestions(word, known);
  if (command == &root && (word == "version" || word == "-v" || word == "-V")) {
    problem.helps = {"did you mean `knack --version`?"};
  }
  const CLI::App* innermost = deepest(&root);
  if (innermost != command && word.starts_with('-')) {
    problem.helps = {"options stand behind the command, as in `" + full_name(*innermost) + " " +
                     one_line(word) + "`"};
    command = innermost;
  }
  refuse(command, problem);
}

/// A command that was not named, or an argument that a command needs.
Diagnostic describe_missing(const CLI::RequiredError& error, const CLI::App* command,
                            const CommandText& text) {
  const std::vector<std::string> commands = names_of(command->get_subcommands({}));
  const std::string name = "`" + full_name(*command) + "`";
  std::string missing = error.what();  // CLI11 says `run is required`
  missing = backticked(missing.substr(0, missing.find(" is required")));
  Diagnostic problem{.id = "E0103",
                     .sentence = name + " needs another argument",
                     .place = text.place(text.size()),
                     .label = "expected " + missing};
  if (!commands.empty()) {
    problem.sentence = name + " needs a command";
    problem.label = "expected a command";
    problem.notes.push_back("the commands are " + backticked_list(commands));
  }
  return problem;
}

/// A value that an option does not take; CLI11 puts the option in front: `--seed: PROBLEM`.
Diagnostic describe_value_error(const CLI::ParseError& error, const CommandText& text) {
  std::string message = error.what();
  constexpr std::string_view kNotConverted = "Could not convert: ";
  std::string option = message.substr(0, message.find(": "));
  if (message.starts_with(kNotConverted)) {
    message.erase(0, kNotConverted.size());
    option = message.substr(0, message.find(" = "));
    message = "expected a number";
  } else if (option.size() < message.size()) {
    message.erase(0, option.size() + 2);
  }
  Diagnostic problem = diagnostic_of("E0105", message);
  problem.label = problem.sentence;
  problem.sentence = "wrong value of `" + option + "`";
  problem.place = text.value_of(option);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    problem.id = "E0103";
    problem.sentence = "`" + option + "` needs a value";
    problem.label = "expected a value";
  }
  return problem;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  const CommandText text(argc, argv);
  CommandTable table;
  for (const auto declare : kCommands) declare(table);
  CLI::App& root = table.root();
  refuse_empty_values(root);
  try {
    root.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return root.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    refuse_unknown_words(root, text);
    const CLI::App* command = deepest(&root);
    const auto* missing = dynamic_cast<const CLI::RequiredError*>(&error);
    refuse(command, missing == nullptr ? describe_value_error(error, text)
                                       : describe_missing(*missing, command, text));
  }
  refuse_unknown_words(root, text);
  try {
    return table.run();
  } catch (const c10::Error& error) {  // its what() has a backtrace, which helps no user
    throw Error("E0605", error.what_without_backtrace());
  }
}

}  // namespace knack::host
