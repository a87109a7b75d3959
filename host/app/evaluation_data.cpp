// SPDX-License-Identifier: MIT
#include "host/app/evaluation_data.hpp"

#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "host/recipe/load.hpp"
#include "host/recipe/parse.hpp"

namespace knack::host {
namespace {

bool is_json(const std::string& data) {
  const std::size_t first = data.find_first_not_of(" \t\r\n");
  return first != data.npos && (data[first] == '{' || data[first] == '[');
}

constexpr std::string_view kOption = "--data ";

/// Parses what follows the option, with columns as in `argument`, which messages show.
Document parse_behind_option(const std::string& data, const Origin& argument,
                             Diagnostics& diagnostics) {
  Diagnostics found;
  Document section;
  bool is_json = true;
  try {
    section = parse_json(std::string(kOption.size(), ' ') + data, "--data", found);
  } catch (const Error&) {
    is_json = false;
  }
  for (Diagnostic problem : found.all()) {
    Origin origin = argument;
    origin.value = {problem.place.line, problem.place.column};
    problem.place = origin.value_place();
    diagnostics.add(std::move(problem));
  }
  if (!is_json) diagnostics.throw_if_any();
  return section;
}

/// The section, with origins that say that it was typed.
Document parse_argument(const std::string& data, Diagnostics& diagnostics) {
  const std::string option(kOption);
  const Origin argument{Origin::Kind::command_line,
                        option + one_line(data),
                        {},
                        {},
                        std::make_shared<const SourceText>(option + data)};
  Document section = parse_behind_option(data, argument, diagnostics);
  for (auto& [pointer, origin] : section.origins) {
    origin.kind = argument.kind;
    origin.text = argument.text;
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

Document load_file(const std::string& data, Diagnostics& diagnostics) {
  std::error_code failure;
  if (!std::filesystem::exists(data, failure)) {
    throw Error("E0105", "--data " + backticked_path(data) +
                             ": expected a JSON object or a file with one, found no such file; "
                             "check the path");
  }
  return load_document(data, {}, diagnostics);
}

}  // namespace

void lay_data_over(Document& recipe, const std::string& split, const std::string& data,
                   Diagnostics& diagnostics) {
  const Document section =
      is_json(data) ? parse_argument(data, diagnostics) : load_file(data, diagnostics);
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
