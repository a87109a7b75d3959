// SPDX-License-Identifier: MIT
// `knack completion`, and `knack candidates`, which its scripts ask for what only knack knows.
#include "host/app/completion.hpp"

#include <filesystem>
#include <iostream>
#include <set>

#include "host/app/command_environment.hpp"
#include "host/app/commands/commands.hpp"
#include "host/common/error_catalogue.hpp"
#include "host/report/run_folder.hpp"

namespace knack::host {
namespace {

struct CompletionCommand {
  std::string shell;
};

struct CandidatesCommand {
  std::string kind;                ///< ID, SET, CODE
  std::vector<std::string> words;  ///< of the half-typed command line
};

std::set<std::string> plugin_ids(const CommonOptions& common) {
  std::set<std::string> ids;
  CommandEnvironment environment(common);
  for (const Offer& offer : environment.registry().offers()) ids.insert(offer.provided().id);
  return ids;
}

/// Of the first run folder among the words.
std::set<std::string> weight_sets(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    std::error_code unreadable;
    if (!std::filesystem::is_directory(std::filesystem::path(word) / "final", unreadable)) continue;
    const std::vector<std::string> sets = RunFolder::open(word).weight_sets();
    return {sets.begin(), sets.end()};
  }
  return {};
}

std::set<std::string> error_codes() {
  std::set<std::string> codes;
  for (const CatalogueEntry& entry : error_catalogue()) codes.emplace(entry.id);
  return codes;
}

std::set<std::string> candidates(const CandidatesCommand& command, const CommonOptions& common) {
  if (command.kind == "ID") return plugin_ids(common);
  return command.kind == "SET" ? weight_sets(command.words) : error_codes();
}

int print_candidates(const CandidatesCommand& command, const CommonOptions& common) {
  for (const std::string& candidate : candidates(command, common)) {
    std::cout << candidate << "\n";
  }
  return static_cast<int>(ExitCode::ok);
}

void declare_candidates(CommandTable& table) {
  auto [command, options] =
      table.add<CandidatesCommand>("candidates", "What the last word of a command line can be",
                                   Takes::plugins, print_candidates);
  command.group("")->prefix_command();  // not in help; the words are not its own
  command.add_option("kind", options.kind)->required();
  command.parse_complete_callback([&command, &options] { options.words = command.remaining(); });
}

}  // namespace

void declare_completion(CommandTable& table) {
  const auto print = [&table](const CompletionCommand& command, const CommonOptions&) {
    std::cout << completion_script(command.shell, facts_of(table.root()));
    return static_cast<int>(ExitCode::ok);
  };
  auto [command, options] = table.add<CompletionCommand>(
      "completion", "Print a script that completes command lines in a shell", Takes::nothing,
      print);
  choices(command.add_option("shell", options.shell, "Shell that is to complete"),
          completion_shells())
      ->required();
  add_example(command, {"source <(knack completion bash)   # in ~/.bashrc",
                        "source <(knack completion zsh)    # in ~/.zshrc, after compinit",
                        "knack completion fish > ~/.config/fish/completions/knack.fish"});
  declare_candidates(table);
}

}  // namespace knack::host
