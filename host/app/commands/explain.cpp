// SPDX-License-Identifier: MIT
#include <iostream>

#include "host/app/commands/commands.hpp"
#include "host/train/fit.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

void print_heading(const std::string& text) {
  std::cout << "\n" << text << "\n" << std::string(text.size(), '-') << "\n";
}

void print_hooks(const Hooks& hooks) {
  print_heading("Who acts when");
  std::vector<std::vector<std::string>> rows = {{"hook", "tricks, in order"}};
  for (const HookFacts& facts : kHooks) {
    std::string names;
    for (const Trick* trick : hooks.subscribers(facts.hook)) {
      names += (names.empty() ? "" : ", ") + trick->name();
    }
    if (!names.empty()) {
      rows.push_back({facts.name, names});
    }
  }
  print_table(rows, 2);
}

void print_groups(Fit& fit) {
  print_heading("Parameter groups");
  std::vector<std::vector<std::string>> rows = {
      {"parameter", "role", "layer", "group", "options set by tricks", "elements"}};
  std::int64_t total = 0;
  for (std::size_t group = 0; group < fit.groups().size(); ++group) {
    for (const std::size_t i : fit.groups()[group].parameters) {
      const ModelTensor& entry = fit.parameters()[i];
      std::string options;
      for (const auto& [name, option] : fit.param_options().of(i)) {
        options += (options.empty() ? "" : "; ") + name + " = " + short_number_text(option.value) +
                   " (" + option.setter + ": " + option.reason + ")";
      }
      rows.push_back({entry.name, entry.role, entry.owner_kind, std::to_string(group),
                      options.empty() ? "-" : options, std::to_string(entry.tensor.numel())});
      total += entry.tensor.numel();
    }
  }
  print_table(rows, 5);
  std::cout << total << " trained parameters in " << fit.groups().size() << " group(s)\n";
}

void print_sets(Fit& fit) {
  print_heading("Weight sets after fit_begin");
  std::vector<std::vector<std::string>> rows = {{"name", "published by"}};
  for (const auto& set : fit.weights().sets()) {
    rows.push_back({set->name, set->publisher.empty() ? "the host" : set->publisher});
  }
  print_table(rows, 2);
}

}  // namespace

void run_command(const ExplainCommand& command, const CommonOptions& common) {
  CommandEnvironment environment(common);
  const Recipe recipe = environment.open_recipe(command.recipe);
  Fit fit(recipe, environment.registry(), environment.services(), nullptr);
  fit.begin();
  std::cout << fit.parts().description() << "\n";
  print_heading("Recipe, with every default");
  std::cout << resolved(recipe).dump(2) << "\n";
  print_hooks(fit.hooks());
  print_groups(fit);
  print_sets(fit);
}

}  // namespace knack::host
