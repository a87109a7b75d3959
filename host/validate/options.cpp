// SPDX-License-Identifier: MIT
#include "host/validate/options.hpp"

#include "host/common/join.hpp"
#include "host/recipe/load.hpp"
#include "host/recipe/parse.hpp"
#include "host/recipe/recipe.hpp"
#include "host/recipe/schema.hpp"

namespace knack::host {
namespace {

/// What the recipe says of the plugin, or nothing but its id.
Section section_of(const Subject& subject, Document& document, Diagnostics& diagnostics) {
  const Provided& provided = subject.provided();
  if (subject.recipe_has_plugin) {
    document = load_document(subject.recipe, {}, diagnostics);
    Recipe recipe = read_recipe(document, diagnostics);
    for (const auto& [kind, section] : plugin_sections(recipe)) {
      if (kind == provided.kind && section->use == provided.id) return *section;
    }
  }
  document = parse_json("{}", "the defaults", diagnostics);
  Section section;
  section.use = provided.id;
  section.name = provided.id;
  return section;
}

}  // namespace

UsableOptions usable_options(const Subject& subject) {
  const Provided& provided = subject.provided();
  const char* schema = subject.registry->descriptor(provided.kind, provided.id).schema_json;
  Diagnostics diagnostics;
  Document document;
  Section section = section_of(subject, document, diagnostics);
  validate_options(section, schema == nullptr ? "" : schema, document, diagnostics);
  return {section.options, join(diagnostics.lines(), "; ")};
}

}  // namespace knack::host
