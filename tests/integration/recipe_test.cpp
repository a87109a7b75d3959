// SPDX-License-Identifier: MIT
// Mistakes in recipes and in the data they name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kRecipe = 3;
constexpr int kData = 5;

/// Standard error of training `text`, which must be refused as a recipe.
std::string refusal(const Workbench& bench, const std::string& text,
                    const Words& more_arguments = {}) {
  Words arguments = {"train", bench.write_text("r.json", text).string(), "--run-dir", "run"};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  const ProcessResult result = bench.knack(arguments);
  EXPECT_EQ(result.exit_code, kRecipe) << result.standard_error;
  EXPECT_EQ(result.standard_output, "");
  EXPECT_FALSE(std::filesystem::exists(bench.path() / "run"));
  return told(result.standard_error);
}

/// small_recipe() as text, with `from` replaced.
std::string changed(const std::string& from, const std::string& to) {
  std::string text = small_recipe().dump(1);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string line_of(const std::string& text, const std::string& part) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(text.find(part));
  return std::to_string(1 + std::count(text.begin(), end, '\n'));
}

TEST(Recipe, RefusesADuplicateKeyWithBothPlaces) {
  const Workbench bench;
  const std::string text = changed("\"momentum\": 0.9", "\"momentum\": 0.9,\n  \"lr\": 0.2");
  const std::string file = (bench.path() / "r.json").string();
  EXPECT_EQ(refusal(bench, text),
            file + ":" + line_of(text, "\"lr\": 0.2") +
                ":3: duplicate key `lr`: expected each key once; it stands first at " + file + ":" +
                line_of(text, "\"lr\": 0.1") + ":3\n");
}

TEST(Recipe, RefusesAnUnknownKeyOfTheHostWithTheNearestOne) {
  const Workbench bench;
  const std::string text = changed("\"epochs\": 2", "\"epohcs\": 2");
  EXPECT_THAT(
      refusal(bench, text),
      AllOf(StartsWith(
                (bench.path() / "r.json").string() + ":" + line_of(text, "\"epohcs\"") +
                ":3: unknown key `epohcs` in `trainer`: no such key; expected one of: epochs, "),
            EndsWith("; did you mean `epochs`?\n")));
}

TEST(Recipe, RefusesAnUnknownOptionOfAPluginWithTheNearestOne) {
  const Workbench bench;
  const std::string text = changed("\"momentum\"", "\"momentun\"");
  EXPECT_THAT(
      refusal(bench, text),
      AllOf(
          StartsWith((bench.path() / "r.json").string() + ":" + line_of(text, "\"momentun\"") +
                     ":3: unknown key `momentun` in `optimizer` (sgd): "),
          EndsWith("; did you mean `momentum`?; `knack plugins inspect sgd` shows its options\n")));
}

TEST(Recipe, RefusesAValueOfAnotherType) {
  const Workbench bench;
  const std::string text = changed("\"lr\": 0.1", "\"lr\": \"fast\"");
  const std::string line = refusal(bench, text);
  EXPECT_THAT(
      line, AllOf(StartsWith((bench.path() / "r.json").string() + ":" + line_of(text, "\"fast\"") +
                             ":9: `optimizer.lr` has the wrong type: expected a number"),
                  HasSubstr("found `\"fast\"`")));
}

TEST(Recipe, RefusesAValueOutOfRange) {
  const Workbench bench;
  EXPECT_THAT(refusal(bench, changed("\"momentum\": 0.9", "\"momentum\": -1")),
              HasSubstr(": `optimizer.momentum` is out of range: expected a number"));
}

TEST(Recipe, ReportsAllErrorsAtOnce) {
  const Workbench bench;
  std::string text = changed("\"lr\": 0.1", "\"lr\": true");
  text.replace(text.find("\"hidden\""), 8, "\"hiden\"");
  text.replace(text.find("\"epochs\": 2"), 11, "\"epochs\": 0");
  const std::string lines = refusal(bench, text);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
  EXPECT_THAT(lines,
              AllOf(HasSubstr("optimizer.lr"), HasSubstr("`hiden`"), HasSubstr("trainer.epochs")));
}

TEST(Recipe, RefusesBrokenSyntaxWithItsPlace) {
  const Workbench bench;
  EXPECT_THAT(
      refusal(bench, "{\n  \"name\": \"x\",\n}"),
      StartsWith((bench.path() / "r.json").string() + ":3:1: a comma before the closing `}`"));
}

TEST(Recipe, RefusesBadOverridesByTheirText) {
  const Workbench bench;
  const std::string text = small_recipe().dump();
  EXPECT_EQ(
      refusal(bench, text, {"--set", "trainer.epochs"}),
      "--set trainer.epochs: no value is given: expected PATH=VALUE, found no `=`; write `--set "
      "PATH=VALUE` with a path like `trainer.epochs` or `tricks[ema].decay`\n");
  EXPECT_THAT(refusal(bench, text, {"--set", "trainer.epochs=many"}),
              StartsWith("--set trainer.epochs=many: `trainer.epochs` has the wrong type: expected "
                         "an integer of at least 1, found `\"many\"`"));
  EXPECT_THAT(refusal(bench, text, {"--set", "trainer.epcohs=3"}),
              HasSubstr("did you mean `epochs`?"));
  EXPECT_EQ(refusal(bench, text, {"--set", "tricks[ema].decay=0.5"}),
            "--set tricks[ema].decay=0.5: no trick named `ema`: there are none\n");
}

TEST(Recipe, TakesOverridesBasesAndComments) {
  Workbench bench;
  bench.write("base.json", small_recipe());
  bench.write_text(
      "sub/derived.json",
      "// a comment\n{\"extends\": \"../base.json\", \"name\": \"derived\", \"trainer\": "
      "{\"epochs\": 1}}");
  const ProcessResult result =
      bench.knack({"train", "sub/derived.json", "--run-dir", "run", "--set", "trainer.seed=9"});
  ASSERT_EQ(result.exit_code, 0) << result.standard_error;
  const Json resolved = Json::parse(file_bytes(bench.path() / "run/recipe.json"));
  EXPECT_EQ(resolved["name"], "derived");
  EXPECT_EQ(resolved["trainer"]["epochs"], 1);
  EXPECT_EQ(resolved["trainer"]["seed"], 9);
  EXPECT_EQ(resolved["model"]["use"], "mlp");
}

TEST(Recipe, WhoseDataIsMissingFailsWithTheFile) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["data"]["train"]["root"] = "nowhere";
  EXPECT_THAT(
      bench.failure(recipe, kData),
      HasSubstr("data.train), create: " +
                (bench.path() / "nowhere/train-images-idx3-ubyte").string() + ": no such file"));
}

TEST(Recipe, WhoseFileIsMissingFailsWithItsName) {
  const Workbench bench;
  const ProcessResult result = bench.knack({"train", "nowhere.json"});
  EXPECT_EQ(result.exit_code, kRecipe);
  EXPECT_EQ(told(result.standard_error),
            "nowhere.json: cannot read the recipe `nowhere.json`: No such file or directory\n");
}

TEST(Recipe, MustNotNameATrickAfterAFolderElsewhere) {
  const Workbench bench;
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "ema"}, {"name", "../../../evil"}}};
  EXPECT_THAT(refusal(bench, recipe.dump()),
              AllOf(HasSubstr("`tricks[0].name` is not valid: expected a string"),
                    HasSubstr("../../../evil")));
}

/// An IDX file of bytes: its sizes, big-endian, then whatever follows.
std::string idx_file(const std::vector<std::uint32_t>& sizes, std::size_t bytes) {
  std::string file = {0, 0, 8, static_cast<char>(sizes.size())};
  for (const std::uint32_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) file += static_cast<char>(size >> shift);
  }
  return file + std::string(bytes, '\0');
}

std::string refusal_of_images(const std::string& bytes) {
  Workbench bench;
  Json recipe = small_recipe();
  Json& train = recipe["data"]["train"];
  train.erase("range");
  train["images"] = bench.write_text("images", bytes).string();
  train["labels"] = bench.write_text("labels", idx_file({12}, 12)).string();
  const std::string line = bench.failure(recipe, kData);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_THAT(line, HasSubstr("data.train), create: " + (bench.path() / "images").string() + ": "));
  return line;
}

TEST(Recipe, WhoseImagesAreHostileIsRefusedBeforeAnythingIsAllocated) {
  refusal_of_images("");
  EXPECT_THAT(refusal_of_images(idx_file({12, 5, 4}, 207)),
              AllOf(HasSubstr("256"), HasSubstr("223")));
  EXPECT_THAT(refusal_of_images(idx_file({0x7fffffff, 5, 4}, 240)), HasSubstr("256"));
  refusal_of_images(idx_file({0x80000000, 0x80000000, 4}, 0));  // the product is 2^64
  refusal_of_images(idx_file({0, 5, 4}, 0));
  EXPECT_THAT(refusal_of_images(idx_file({13, 8, 8}, 13 * 64)),
              HasSubstr("13 images but 12 labels"));
}

}  // namespace
}  // namespace knack::testing
