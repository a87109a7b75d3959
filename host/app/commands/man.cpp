// SPDX-License-Identifier: MIT
#include <iostream>

#include "host/app/commands/commands.hpp"
#include "host/app/manual.hpp"

namespace knack::host {
namespace {

struct ManCommand {};

}  // namespace

void declare_man(CommandTable& table) {
  const auto print = [&table](const ManCommand&, const CommonOptions&) {
    std::cout << manual_page(facts_of(table.root()));
    return static_cast<int>(ExitCode::ok);
  };
  auto [command, options] =
      table.add<ManCommand>("man", "Print the manual page", Takes::nothing, print);
  add_example(command, {"knack man | man --local-file -"});
}

}  // namespace knack::host
