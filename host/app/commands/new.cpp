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

int create(const ProjectRequest& request, const CommonOptions&) {
  const std::filesystem::path project = create_project(request, installed_share_folder());
  std::cout << project.string() << ": " << with_article(request.kind) << " in " << request.language
            << "; next:\n\n  cd " << shell_word(project.string()) << "\n";
  std::istringstream commands(next_commands(project));
  for (std::string line; std::getline(commands, line);) std::cout << "  " << line << "\n";
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void declare_new(CommandTable& table) {
  auto [command, request] =
      table.add<ProjectRequest>("new", "Begin a plugin of your own", Takes::nothing, create);
  command.add_option("kind", request.kind, "trick, model, dataset, objective or optimizer")
      ->type_name("KIND")
      ->required();
  command.add_option("id", request.id, "Your name, a dot and the plugin's: acme.lookahead")
      ->type_name("NEW_ID")
      ->required();
  command.add_option("--lang", request.language, "c++, c or rust")
      ->type_name("LANGUAGE")
      ->capture_default_str();
  command
      .add_option("--dir", request.folder,
                  "New folder for the project; by default the last part of the id")
      ->type_name("FOLDER");
  add_example(command, {"knack new trick acme.lookahead"});
}

}  // namespace knack::host
