// SPDX-License-Identifier: MIT
// Level 3: what is no option of a plugin.
#include <nlohmann/json.hpp>

#include "host/recipe/parse.hpp"
#include "host/recipe/schema.hpp"
#include "host/validate/attempt.hpp"
#include "host/validate/behaviour_checks.hpp"
#include "host/validate/options.hpp"
#include "host/validate/trial.hpp"

namespace knack::host {
namespace {

struct WrongOption {
  std::string name;
  Json value;
};

/// A value of a type that the option cannot have: the schema says, or else its default. Null when
/// neither does.
Json of_wrong_type(const Json& property) {
  const auto takes = [&](const char* type) {
    const std::string declared = property.contains("type") ? property["type"].dump() : "";
    if (!declared.empty()) return declared.find('"' + std::string(type) + '"') != declared.npos;
    return !property.contains("default") || property["default"].is_null() ||
           std::string(property["default"].type_name()) == type;
  };
  if (!takes("object")) return Json{{"neither", "number"}};
  if (!takes("array")) return Json::array({Json::array()});
  if (!takes("string")) return "neither a number nor a list";
  return takes("boolean") ? Json() : Json(true);
}

/// Values that break what the schema itself says.
std::vector<WrongOption> wrong_options(const Json& schema) {
  std::vector<WrongOption> wrong;
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, property] : properties.items()) {
    if (const Json value = of_wrong_type(property); !value.is_null())
      wrong.push_back({name, value});
    for (const char* limit : {"minimum", "exclusiveMinimum"}) {
      if (property.contains(limit)) wrong.push_back({name, property[limit].get<double>() - 1});
    }
    for (const char* limit : {"maximum", "exclusiveMaximum"}) {
      if (property.contains(limit)) wrong.push_back({name, property[limit].get<double>() + 1});
    }
    if (property.contains("enum")) wrong.push_back({name, "none of these"});
  }
  const bool takes_others =
      schema.contains("additionalProperties") && schema["additionalProperties"] != Json(false);
  if (!takes_others) wrong.push_back({"no_such_option", 1});
  return wrong;
}

/// Why it is refused; empty when it is not.
std::string refusal_of(const Subject& subject, const Json& usable, const WrongOption& wrong) {
  const Provided& provided = subject.provided();
  const char* schema = subject.registry->descriptor(provided.kind, provided.id).schema_json;
  Diagnostics diagnostics;
  Section section;
  section.use = provided.id;
  section.options = usable;
  section.options[wrong.name] = wrong.value;
  validate_options(section, schema == nullptr ? "" : schema,
                   parse_json("{}", "the check", diagnostics), diagnostics);
  if (!diagnostics.lines().empty()) return diagnostics.lines().front();
  try {
    HostServices services;
    subject.registry->create(provided.kind, provided.id, provided.id,
                             Value::from_json(section.options), services);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

Finding refuses_wrong_options(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  Disguise disguise(subject);
  const Provided& provided = subject.provided();
  const char* text = subject.registry->descriptor(provided.kind, provided.id).schema_json;
  const Json schema = text == nullptr ? Json::object() : Json::parse(text);
  const UsableOptions usable = usable_options(subject);
  if (!usable.problem.empty()) return skipped(usable.problem);
  const std::vector<WrongOption> wrong = wrong_options(schema);
  for (const WrongOption& option : wrong) {
    if (!refusal_of(subject, usable.options, option).empty()) continue;
    return failed("option \"" + option.name + "\": " + option.value.dump() +
                  " is accepted; give its type, range and choices in the schema, or refuse it in "
                  "`create`");
  }
  return passed(std::to_string(wrong.size()) + " wrong options were refused");
}

}  // namespace knack::host
