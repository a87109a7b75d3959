// SPDX-License-Identifier: MIT
#include "host/app/evaluation_data.hpp"

#include <memory>
#include <utility>

#include "host/recipe/load.hpp"
#include "host/recipe/parse.hpp"

namespace knack::host {
namespace {

bool is_json(const std::string& data) {
  const std::size_t first = data.find_first_not_of(" \t\r\n");
  return first != data.npos && (data[first] == '{' || data[first] == '[');
}

/// The section, with origins that say that it was typed.
Document parse_argument(const std::string& data, Diagnostics& diagnostics) {
  const std::string option = "--data ";
  const auto argument = std::make_shared<const SourceText>(option + data);
  // Columns are those of the whole argument, which messages show.
  Document section = parse_json(std::string(option.size(), ' ') + data, "--data", diagnostics);
  for (auto& [pointer, origin] : section.origins) {
    origin.kind = Origin::Kind::command_line;
    origin.source = option + one_line(data);
    origin.text = argument;
  }
  if (!section.root.is_object()) {
    Diagnostic problem;
    problem.id = "E0312";
    problem.sentence = "`--data` is of the wrong type";
    problem.place = section.origins.at("").value_place();
    problem.label =
        "expected an object: a data section, found " + std::string(section.root.type_name());
    diagnostics.fail(std::move(problem));
  }
  return section;
}

}  // namespace

void lay_data_over(Document& recipe, const std::string& split, const std::string& data,
                   Diagnostics& diagnostics) {
  const Document section =
      is_json(data) ? parse_argument(data, diagnostics) : load_document(data, {}, diagnostics);
  const std::string pointer = child_pointer("/data", split);
  if (section.root.contains("use")) {
    recipe.root["data"].erase(split);
    recipe.forget_origins(pointer);
  }
  Document change;
  change.root["data"][split] = section.root;
  change.origins[""] = recipe.nearest_origin("");
  change.origins["/data"] = recipe.nearest_origin("/data");
  for (const auto& [below, origin] : section.origins) change.origins[pointer + below] = origin;
  merge(recipe, change);
}

}  // namespace knack::host
