// SPDX-License-Identifier: MIT
#include "host/app/command_environment.hpp"

#include <knack/abi/ext/log.h>

#include <cstdlib>
#include <utility>

#include "host/app/pins.hpp"
#include "host/common/error.hpp"
#include "host/common/installation.hpp"
#include "host/plugin/host_facts.hpp"
#include "host/recipe/load.hpp"
#include "host/recipe/schema.hpp"
#include "host/services/services.hpp"

namespace knack::host {
namespace {

std::filesystem::path installed_plugin_folder() {
  return installation_prefix() / "lib" / "knack" / "plugins";
}

}  // namespace

/// Plugins' log lines, with the instance's name in front.
class CommandEnvironment::ConsoleLog final : public LogSink {
 public:
  explicit ConsoleLog(Console& console) : console_(console) {}

  void write(std::string_view instance, std::uint32_t level, std::string_view message) override {
    const std::string line = std::string(instance) + ": " + std::string(message);
    if (level == KNACK_LOG_DEBUG) {
      console_.debug(line);
    } else if (level == KNACK_LOG_INFO) {
      console_.info(line);
    } else {
      console_.warning(line);
    }
  }

 private:
  Console& console_;
};

CommandEnvironment::CommandEnvironment(const CommonOptions& options)
    : options_(options), console_(options.quiet), log_(std::make_unique<ConsoleLog>(console_)) {
  services_.log = log_.get();
  policy_.trusts_writable = options.trusts_writable_plugins;
  register_services();
}

CommandEnvironment::~CommandEnvironment() = default;

SearchPlaces CommandEnvironment::plugin_places() const {
  const char* variable = std::getenv("KNACK_PLUGIN_PATH");
  return {recipe_places_, options_.plugin_places, variable == nullptr ? "" : variable,
          user_plugin_folder(), installed_plugin_folder()};
}

Registry& CommandEnvironment::registry() {
  if (!registry_) {
    registry_ = std::make_unique<Registry>(search_folders(plugin_places()), this_host(), policy_);
    for (const PluginFile& file : registry_->files()) {
      const bool is_new = !file.warning.empty() && warnings_.insert(file.warning).second;
      if (is_new) console_.warning(file.warning);
    }
  }
  return *registry_;
}

Registry& CommandEnvironment::registry_for(Recipe& recipe, bool with_pins) {
  recipe_places_.assign(recipe.plugin_path.begin(), recipe.plugin_path.end());
  policy_.pins = with_pins ? pins_of(recipe) : std::multimap<std::string, Pin>();
  registry_.reset();
  return registry();
}

Recipe CommandEnvironment::open_recipe(const std::filesystem::path& file, const Amend& amend) {
  Diagnostics diagnostics;
  Document document = load_document(file, options_.overrides, diagnostics);
  if (amend) amend(document, diagnostics);
  Recipe recipe = read_recipe(document, diagnostics);
  Registry& plugins =
      registry_for(recipe, true);  // what is wrong with the folders is not the recipe's doing
  check_pin_keys(recipe, plugins, document, diagnostics);
  const auto add_problem = [&](const std::string& pointer, Diagnostic problem) {
    diagnostics.add(moved_to(document.nearest_origin(pointer).value_place(), std::move(problem)));
  };
  for (const auto& [kind, section] : plugin_sections(recipe)) {
    try {
      const char* schema = plugins.descriptor(kind, section->use).schema_json;
      validate_options(*section, schema == nullptr ? "" : schema, document, diagnostics);
    } catch (const PinError& error) {
      const std::string pin = child_pointer("/plugins/pin", error.key());
      const std::string& place = document.nearest_origin(pin).source;
      Diagnostic problem = error.diagnostics().front();
      problem.helps.back() += advice_for_run(place);
      add_problem(pin, problem);
    } catch (const Error& error) {
      add_problem(section->pointer + "/use", error.diagnostics().front());
    }
  }
  diagnostics.throw_if_any();
  places_ = RecipePlaces(std::move(document));
  warn_of_refused_places();
  return recipe;
}

void CommandEnvironment::warn_of_refused_places() {
  for (const std::filesystem::path& place : options_.plugin_places) {
    const std::filesystem::path real = std::filesystem::weakly_canonical(place);
    const PluginFile* refused = nullptr;
    bool is_used = false;
    for (const PluginFile& file : registry().files()) {
      if (file.checked.path != real && file.place.parent_path() != real) continue;
      is_used = is_used || file.is_usable();
      if (refused == nullptr) refused = &file;
    }
    if (is_used || refused == nullptr) continue;
    const std::string warning =
        "--plugin-path " + place.string() + ": nothing there is used; " + refused->refusal;
    if (warnings_.insert(warning).second) console_.warning(warning);
  }
}

}  // namespace knack::host
