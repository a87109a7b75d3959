// SPDX-License-Identifier: MIT
#include "host/app/command_tree.hpp"

#include <algorithm>

namespace knack::host {
namespace {

/// Whether help does not show it.
bool is_hidden(const CLI::App& command) {
  return command.get_group().empty();
}

std::string path_of(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  if (parent == nullptr) return "";
  const std::string before = path_of(*parent);
  return before + (before.empty() ? "" : " ") + command.get_name();
}

std::vector<std::string> names_of(const CLI::Option& option) {
  if (option.get_positional()) return {option.get_name(true)};
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

ArgumentFacts facts_of(const CLI::Option& option) {
  ArgumentFacts facts;
  facts.names = names_of(option);
  facts.summary = option.get_description();
  facts.default_text = option.get_default_str();
  facts.is_required = option.get_required();
  facts.is_repeated = option.get_expected_max() > 1;
  if (option.get_expected_max() > 0) {
    const std::string type = option.get_type_name();  // and what validators say, after a colon
    const std::size_t colon = type.find(':');
    facts.value = type.substr(0, colon);
    if (type.find(" in [") != std::string::npos) facts.range = type.substr(colon + 1);
  }
  return facts;
}

}  // namespace

CommandFacts facts_of(const CLI::App& command) {
  CommandFacts facts;
  facts.path = path_of(command);
  facts.name = command.get_name();
  facts.summary = command.get_description();
  facts.footer = command.get_footer();
  for (const CLI::Option* option : command.get_options()) {
    auto& list = option->get_positional() ? facts.positionals : facts.options;
    if (!option->get_group().empty()) list.push_back(facts_of(*option));
  }
  for (const CLI::App* child : command.get_subcommands({})) {
    if (!is_hidden(*child)) facts.commands.push_back(facts_of(*child));
  }
  return facts;
}

std::vector<const CommandFacts*> flattened(const CommandFacts& command) {
  std::vector<const CommandFacts*> all = {&command};
  for (const CommandFacts& child : command.commands) {
    const auto below = flattened(child);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

}  // namespace knack::host
