// SPDX-License-Identifier: MIT
#include "tests/integration/workbench.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "host/checkpoint/safetensors.hpp"

namespace knack::testing {
namespace {

Json digits(const std::string& split, int first, int last, int batch_size) {
  return {{"use", "idx"},
          {"root", KNACK_SOURCE_DIR "/configs/data/digits"},
          {"split", split},
          {"range", {first, last}},
          {"batch_size", batch_size}};
}

}  // namespace

Json small_recipe() {
  Json train = digits("train", 0, 200, 32);
  train["shuffle"] = true;
  return {{"name", "small"},
          {"model",
           {{"use", "mlp"},
            {"in_features", 64},
            {"hidden", {32}},
            {"num_classes", 10},
            {"batch_norm", true}}},
          {"data",
           {{"train", train},
            {"valid", digits("train", 1200, 1300, 64)},
            {"test", digits("test", 0, 100, 64)}}},
          {"objective", {{"use", "cross_entropy"}}},
          {"optimizer", {{"use", "sgd"}, {"lr", 0.1}, {"momentum", 0.9}, {"weight_decay", 5e-4}}},
          {"trainer", {{"epochs", 2}}},
          {"tricks", Json::array()}};
}

Json five_trick_recipe() {
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "no_weight_decay"}},
                      {{"use", "accumulate"}, {"batches", 2}},
                      {{"use", "ema"}, {"decay", 0.9}},
                      {{"use", "precise_bn"}, {"samples", 200}},
                      {{"use", "weight_average"}, {"best", 2}}};
  return recipe;
}

std::map<std::string, std::string> read_tensors(const std::filesystem::path& file) {
  const host::SafetensorsReader reader(file);
  std::map<std::string, std::string> tensors;
  for (const host::StoredTensor& stored : reader.tensors()) {
    std::string bytes(stored.bytes, '\0');
    reader.read(stored, bytes.data());
    tensors[stored.name] = bytes;
  }
  return tensors;
}

std::map<std::string, std::string> without_statistics(std::map<std::string, std::string> tensors) {
  std::erase_if(tensors, [](const auto& entry) {
    return entry.first.find("running_") != std::string::npos ||
           entry.first.ends_with("num_batches_tracked");
  });
  return tensors;
}

std::vector<float> floats(const std::string& tensor) {
  std::vector<float> numbers(tensor.size() / sizeof(float));
  std::memcpy(numbers.data(), tensor.data(), numbers.size() * sizeof(float));
  return numbers;
}

Json TrainedRun::summary() const {
  return Json::parse(file_bytes(folder / "final" / "summary.json"));
}

std::vector<Json> TrainedRun::metrics() const {
  std::vector<Json> lines;
  std::ifstream file(folder / "metrics.jsonl");
  for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
  return lines;
}

Words set_names(const TrainedRun& run) {
  Words names;
  for (const auto& entry : std::filesystem::directory_iterator(run.folder / "final")) {
    const auto& file = entry.path();
    if (file.extension() == ".safetensors" && file.stem() != "model") names.push_back(file.stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void expect_same_weights(const TrainedRun& run, const TrainedRun& other) {
  EXPECT_EQ(set_names(run), set_names(other));
  for (const std::string& set : set_names(run)) {
    EXPECT_TRUE(file_bytes(run.weights(set)) == file_bytes(other.weights(set))) << set;
  }
}

ProcessResult Workbench::knack(const Words& arguments, const std::string& program) const {
  ProcessRequest request;
  request.arguments = {program};
  request.arguments.insert(request.arguments.end(), arguments.begin(), arguments.end());
  request.environment = {{"HOME", path().string()}, {"CI", "1"}};
  request.folder = path();
  const ProcessResult result = run_process(request);
  EXPECT_FALSE(result.timed_out) << result.standard_error;
  EXPECT_EQ(result.signal, 0) << result.standard_error;
  return result;
}

TrainedRun Workbench::train(const Json& recipe, const Words& more_arguments) {
  const std::string name = "run" + std::to_string(++runs_);
  Words arguments = {"train", write(name + ".json", recipe).string(), "--run-dir", name, "--quiet"};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  const TrainedRun run{path() / name, knack(arguments)};
  EXPECT_EQ(run.process.exit_code, 0) << run.process.standard_error;
  return run;
}

std::string Workbench::failure(const Json& recipe, int exit_code, const Words& more_arguments) {
  const std::string name = "run" + std::to_string(++runs_);
  Words arguments = {"train", write("recipe.json", recipe).string(), "--run-dir", name, "--quiet"};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  const ProcessResult result = knack(arguments);
  EXPECT_EQ(result.exit_code, exit_code) << result.standard_error;
  EXPECT_EQ(result.standard_output, "");
  return told(result.standard_error);
}

}  // namespace knack::testing
