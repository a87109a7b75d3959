// SPDX-License-Identifier: MIT
#include <iostream>
#include <sstream>
#include <string>

#include "host/app/commands/commands.hpp"
#include "host/app/new_project.hpp"
#include "host/common/installation.hpp"
#include "host/common/shell_word.hpp"

namespace knack::host {
namespace {

std::string with_article(const std::string& noun) {
  return (noun.find_first_of("aeiou") == 0 ? "an " : "a ") + noun;
}

}  // namespace

void run_command(const NewCommand& command) {
  const std::filesystem::path project = create_project(command.project, installed_share_folder());
  std::cout << project.string() << ": " << with_article(command.project.kind) << " in "
            << command.project.language << "; next:\n\n  cd " << shell_word(project.string())
            << "\n";
  std::istringstream commands(next_commands(project));
  for (std::string line; std::getline(commands, line);) std::cout << "  " << line << "\n";
}

}  // namespace knack::host
