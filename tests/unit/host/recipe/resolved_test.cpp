// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstring>
#include <limits>

#include "host/recipe/schema.hpp"
#include "tests/unit/host/recipe/recipe_files.hpp"

namespace knack::host {
namespace {

using Resolved = RecipeFiles;

TEST_F(Resolved, LoadsAgainAsTheSameRecipe) {
  write("base.json", minimal_recipe(R"(, "plugins": {"path": ["p"]}, "trainer": {"seed": 7})"));
  write("sub/r.json", R"({"extends": "../base.json", "name": "again",
    "model": {"use": "mlp", "weights": "w.st", "hidden": [64, 32]},
    "data": {"train": {"use": "idx", "shuffle": true}, "test": {"use": "idx", "workers": 0}},
    "tricks": [{"use": "ema", "decay": 0.1}, {"use": "ema", "name": "slow"}]})");
  const Json first = resolved(read("sub/r.json", {"trainer.log_every_seconds=0.1"}));
  write("elsewhere/recipe.json", first.dump(2));
  EXPECT_EQ(resolved(read("elsewhere/recipe.json")).dump(), first.dump());
  EXPECT_EQ(first["model"]["weights"], (folder() / "sub/w.st").string());
  EXPECT_EQ(first["trainer"]["seed"], 7);
  EXPECT_EQ(first["data"]["valid"]["batch_size"], 32);
  EXPECT_EQ(first["tricks"][0]["name"], "ema");
}

TEST_F(Resolved, HoldsTheDefaultsOfThePlugins) {
  write("r.json", minimal_recipe());
  Diagnostics diagnostics;
  const Document document = load_document("r.json", {}, diagnostics);
  Recipe recipe = read_recipe(document, diagnostics);
  validate_options(recipe.optimizer, R"({"properties": {"lr": {"default": 0.1}}})", document,
                   diagnostics);
  diagnostics.throw_if_any();
  EXPECT_EQ(resolved(recipe)["optimizer"], Json::parse(R"({"use": "sgd", "lr": 0.1})"));
}

TEST_F(Resolved, KeepsEveryBitOfANumber) {
  write("r.json", minimal_recipe());
  Recipe recipe = read("r.json");
  const std::vector<double> numbers = {0.1,    1.0 / 3,
                                       5e-324, std::numeric_limits<double>::max(),
                                       -0.0,   std::nextafter(1.0, 2.0),
                                       1e22,   123456789.123456789};
  recipe.optimizer.options["numbers"] = numbers;
  recipe.optimizer.options["integer"] = INT64_MIN;
  write("again.json", resolved(recipe).dump());
  const Json options = read("again.json").optimizer.options;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double again = options["numbers"][i];
    EXPECT_EQ(std::memcmp(&again, &numbers[i], sizeof again), 0) << numbers[i];
    EXPECT_TRUE(options["numbers"][i].is_number_float()) << numbers[i];
  }
  EXPECT_EQ(options["integer"], INT64_MIN);
}

TEST_F(Resolved, IsAValidRecipeForEverySmallestRecipe) {
  write("r.json", minimal_recipe());
  write("again.json", resolved(read("r.json")).dump(2));
  EXPECT_EQ(resolved(read("again.json")), resolved(read("r.json")));
}

}  // namespace
}  // namespace knack::host
