// SPDX-License-Identifier: MIT
// The model option "weights".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/checkpoint/safetensors.hpp"
#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kData = 5;

Json starting_from(const std::string& file) {
  Json recipe = small_recipe();
  recipe["model"]["weights"] = file;
  return recipe;
}

TEST(InitialWeights, AreTheParametersThatARunWithoutLearningRateEndsWith) {
  Workbench bench;
  const TrainedRun run = bench.train(small_recipe());
  Json recipe = starting_from("run1/final/model.safetensors");  // relative to the recipe
  recipe["optimizer"]["lr"] = 0.0;
  recipe["trainer"]["seed"] = 7;
  const TrainedRun again = bench.train(recipe);
  EXPECT_EQ(without_statistics(read_tensors(again.weights("live"))),
            without_statistics(read_tensors(run.weights("live"))));
}

TEST(InitialWeights, ThatDoNotFitAreListedByName) {
  Workbench bench;
  const TrainedRun run = bench.train(small_recipe());
  const host::SafetensorsReader reader(run.weights("live"));
  std::vector<std::string> contents;  // keeps the bytes
  contents.reserve(reader.tensors().size());
  std::vector<host::TensorToWrite> tensors;
  for (const host::StoredTensor& stored : reader.tensors()) {
    std::string& bytes = contents.emplace_back(stored.bytes, '\0');
    reader.read(stored, bytes.data());
    tensors.push_back({stored.name, stored.dtype, stored.shape, bytes.data(), bytes.size()});
    if (stored.name == "layers.0.weight") tensors.back().shape = {64, 32};
    if (stored.name == "layers.4.bias") tensors.back().name = "layers.4.bais";
  }
  host::write_safetensors(bench.path() / "wrong.safetensors", tensors);

  EXPECT_THAT(bench.failure(starting_from("wrong.safetensors"), kData),
              AllOf(HasSubstr(": expected exactly the model's tensors, found 3 that differ"),
                    HasSubstr("the file is " + (bench.path() / "wrong.safetensors").string()),
                    HasSubstr("misshapen   layers.0.weight  expected [32, 64], found [64, 32]\n"),
                    HasSubstr("missing     layers.4.bias  [10]\n"),
                    HasSubstr("unexpected  layers.4.bais  [10]; the nearest name of the model is "
                              "layers.4.bias")));
}

TEST(InitialWeights, ThatAreMissingAreNamed) {
  Workbench bench;
  EXPECT_THAT(bench.failure(starting_from("nowhere.safetensors"), kData),
              HasSubstr((bench.path() / "nowhere.safetensors").string()));
}

}  // namespace
}  // namespace knack::testing
