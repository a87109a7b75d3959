// SPDX-License-Identifier: MIT
#include <ATen/core/Tensor.h>

#include <iostream>
#include <set>

#include "host/app/command_environment.hpp"
#include "host/app/commands/commands.hpp"
#include "host/app/run_weights.hpp"
#include "host/common/error.hpp"
#include "host/common/json_text.hpp"
#include "host/plugin/kinds/model.hpp"
#include "host/weights/weight_export.hpp"

namespace knack::host {
namespace {

struct ExportCommand {
  std::filesystem::path run;
  WeightsRequest request;
  std::filesystem::path target;
  std::string dtype = "keep";
  bool force = false;  ///< replace a file that is there
  bool json = false;
};

void check_target(const ExportCommand& command) {
  const std::string shown = "--to " + command.target.string();
  if (command.target.extension() != ".safetensors") {
    throw Error("E0105", shown +
                             ": expected a name that ends in .safetensors, the format that "
                             "is written; convert_pth.py makes a .pth file of one");
  }
  std::error_code failure;
  const auto status = std::filesystem::symlink_status(command.target, failure);
  if (std::filesystem::is_directory(command.target, failure)) {
    throw Error("E0105", shown + ": expected a file, found a folder; give a name in it");
  }
  if (std::filesystem::exists(status) && !command.force) {
    throw Error("E0105", shown +
                             ": expected a new file, found one; choose another name, or "
                             "replace it with --force");
  }
}

std::optional<at::ScalarType> dtype_of(const std::string& word) {
  if (word == "float32") return at::kFloat;
  if (word == "float16") return at::kHalf;
  if (word == "bfloat16") return at::kBFloat16;
  return std::nullopt;
}

/// Checkpoints also hold tensors that are not part of the state dict; the model knows which.
std::set<std::string> state_dict_names(const Recipe& recipe, CommandEnvironment& environment) {
  const Model model(environment.registry().create(Model::kKind, recipe.model.use, "model",
                                                  Value::from_json(recipe.model.options),
                                                  environment.services()));
  std::set<std::string> names;
  for (const ModelTensor& entry : model.tensors()) {
    if (entry.is_persistent) names.insert(entry.name);
  }
  return names;
}

std::map<std::string, std::string> metadata_of(const RunFolder& folder, const RunWeights& weights) {
  std::map<std::string, std::string> metadata = {{"format", "pt"}, {"knack", KNACK_VERSION_STRING}};
  const auto recipe = read_json(folder.recipe_file());
  if (recipe.contains("name") && recipe["name"].is_string()) metadata["recipe"] = recipe["name"];
  if (weights.name != "model")
    metadata["weights"] = weights.name;  // the chosen set has its own name
  if (!weights.checkpoint.empty()) metadata["checkpoint"] = weights.checkpoint;
  if (weights.step) metadata["step"] = std::to_string(*weights.step);
  return metadata;
}

void print_json(const ExportCommand& command, const ExportedWeights& exported) {
  const nlohmann::ordered_json document = {
      {"schema_version", 1},         {"file", command.target.string()},
      {"tensors", exported.tensors}, {"elements", exported.elements},
      {"bytes", exported.bytes},     {"metadata", exported.metadata}};
  std::cout << json_text(document) << std::endl;
}

int export_set(const ExportCommand& command, const CommonOptions& common) {
  const RunFolder folder = RunFolder::open(command.run, true);
  check_target(command);
  const RunWeights weights = find_weights(folder, command.request);
  CommandEnvironment environment(common);
  if (weights.checkpoint.empty() && !folder.is_finished()) {
    environment.console().warning(command.run.string() +
                                  ": this run has not come to its end; the weights may be of an "
                                  "earlier one");
  }
  WeightExport changes{dtype_of(command.dtype), std::nullopt, metadata_of(folder, weights)};
  if (!weights.checkpoint.empty()) {
    changes.only = state_dict_names(environment.open_recipe(folder.recipe_file()), environment);
  }
  const ExportedWeights exported = export_weights(weights.file, command.target, changes);
  if (command.json) {
    print_json(command, exported);
  } else {
    const auto set = exported.metadata.find("weights");
    std::cout << command.target.string() << ": " << exported.tensors << " tensors, "
              << exported.elements << " numbers, weights "
              << (set == exported.metadata.end() ? weights.name : set->second) << std::endl;
  }
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void declare_export(CommandTable& table) {
  auto [command, options] =
      table.add<ExportCommand>("export", "Write the weights of a run to a file for other programs",
                               Takes::plugins, export_set);
  command.add_option("run", options.run, "Run folder")->type_name("RUN")->required();
  command
      .add_option("--weights", options.request.weights,
                  "Weight set: live, ema, average, ...; by default the chosen one")
      ->type_name("SET");
  command
      .add_option("--checkpoint", options.request.checkpoint,
                  "Take the set, by default live, from this checkpoint")
      ->type_name("last|best|NAME");
  command.add_option("--to", options.target, "New file, *.safetensors")
      ->type_name("FILE")
      ->required();
  choices(command.add_option("--dtype", options.dtype, "Of all floating tensors"),
          {"keep", "float32", "float16", "bfloat16"})
      ->capture_default_str();
  command.add_flag("--force", options.force, "Replace a file that is there");
  command.add_flag("--json", options.json, "Print JSON");
  add_example(command,
              {"knack export runs/digits/2026-11-23T10-30-07 --weights ema --to ema.safetensors"});
}

}  // namespace knack::host
