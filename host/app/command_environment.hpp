// SPDX-License-Identifier: MIT
// What every command that works with a recipe needs: the recipe, checked and complete, and the
// plugins it names.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/app/common_options.hpp"
#include "host/app/recipe_places.hpp"
#include "host/plugin/instance_context.hpp"
#include "host/plugin/registry.hpp"
#include "host/plugin/search_path.hpp"
#include "host/recipe/recipe.hpp"
#include "host/services/log_sink.hpp"
#include "host/ui/console.hpp"

namespace knack::host {

/// Console, plugin registry and services of one command.
class CommandEnvironment {
 public:
  explicit CommandEnvironment(const CommonOptions& options);
  ~CommandEnvironment();
  CommandEnvironment(const CommandEnvironment&) = delete;
  CommandEnvironment& operator=(const CommandEnvironment&) = delete;

  /// Reads a recipe, checks it against the host's and the plugins' schemas, and fills in every
  /// default. All errors of the recipe are reported together, before anything runs.
  /// `amend` may change the document before it is checked.
  using Amend = std::function<void(Document& document, Diagnostics& diagnostics)>;
  Recipe open_recipe(const std::filesystem::path& file, const Amend& amend = {});

  /// `error` with the places, in the files of the recipe that was opened last, of what it is about.
  Error placed(const Error& error) const {
    return places_.placed(error);
  }

  /// What `work` returns. Errors in it are thrown on with their places.
  template <class Work>
  auto with_places(Work&& work) const {
    try {
      return std::forward<Work>(work)();
    } catch (const Error& error) {
      throw placed(error);
    }
  }

  /// Where the command line, the environment, the user and the installation keep plugins;
  /// open_recipe() adds the recipe's own folders.
  SearchPlaces plugin_places() const;

  /// What is found in plugin_places(). Warns of what is used although others can write to it.
  Registry& registry();

  /// Looks again, for a recipe: in its own folders too, and with its pins unless `with_pins` is
  /// false. registry() gives the same from then on.
  Registry& registry_for(Recipe& recipe, bool with_pins);

  Console& console() {
    return console_;
  }
  HostServices& services() {
    return services_;
  }

 private:
  class ConsoleLog;

  /// Of folders and files of --plugin-path of which nothing is used.
  void warn_of_refused_places();

  CommonOptions options_;
  Console console_;
  std::unique_ptr<ConsoleLog> log_;
  HostServices services_;
  std::vector<std::filesystem::path> recipe_places_;
  RecipePlaces places_;
  PluginPolicy policy_;
  std::set<std::string> warnings_;  // that were given
  std::unique_ptr<Registry> registry_;
};

}  // namespace knack::host
