// SPDX-License-Identifier: MIT
#include "host/recipe/load.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "tests/unit/host/recipe/recipe_files.hpp"

namespace knack::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using LoadDocument = RecipeFiles;

TEST_F(LoadDocument, MergesObjectsReplacesListsAndRemovesWithNull) {
  write("base.json", R"({"a": {"x": 1, "y": {"z": 2}}, "list": [1, 2, 3], "gone": {"k": 1}})");
  write("r.json", R"({"extends": "base.json",
"a": {"y": {"w": 3}}, "list": [4], "gone": null, "new": {"k": null, "l": 5}, "nothing": null})");
  const Document document = load("r.json");
  EXPECT_EQ(document.root,
            Json::parse(R"({"a": {"x": 1, "y": {"z": 2, "w": 3}}, "list": [4], "new": {"l": 5}})"));
  EXPECT_EQ(document.origins.at("/a/x").place_of_value(), "base.json:1:13");
  EXPECT_EQ(document.origins.at("/a/y/z").source, "base.json");
  EXPECT_EQ(document.origins.at("/a/y/w").place_of_key(), "r.json:2:13");
  EXPECT_EQ(document.origins.at("/list/0").source, "r.json");
  EXPECT_FALSE(document.origins.contains("/list/1"));
  EXPECT_FALSE(document.origins.contains("/gone"));
  EXPECT_FALSE(document.origins.contains("/gone/k"));
  EXPECT_FALSE(document.origins.contains("/extends"));
}

TEST_F(LoadDocument, LaysListedBasesOverOneAnotherInOrder) {
  write("one.json", R"({"a": 1, "b": 1, "c": 1})");
  write("two.json", R"({"b": 2, "c": 2})");
  write("r.json", R"({"extends": ["one.json", "two.json"], "c": 3})");
  EXPECT_EQ(load("r.json").root, Json::parse(R"({"a": 1, "b": 2, "c": 3})"));
}

TEST_F(LoadDocument, ReadsBasesRelativeToTheFileThatNamesThem) {
  write("base/common.json", R"({"a": 1})");
  write("base/small.json", R"({"extends": "common.json", "b": 2})");
  write("configs/r.json", R"({"extends": "../base/small.json"})");
  const Document document = load("configs/r.json");
  EXPECT_EQ(document.root, Json::parse(R"({"a": 1, "b": 2})"));
  EXPECT_EQ(document.origins.at("/a").source, "base/common.json");
}

TEST_F(LoadDocument, LeavesNoOptionOfTheFormerPluginBehind) {
  write("base.json", R"({"optimizer": {"use": "sgd", "lr": 0.1, "momentum": 0.9}})");
  write("other.json", R"({"extends": "base.json", "optimizer": {"use": "adamw", "lr": 1e-3}})");
  write("same.json", R"({"extends": "base.json", "optimizer": {"use": "sgd", "lr": 1e-3}})");
  const Document other = load("other.json");
  EXPECT_EQ(other.root["optimizer"], Json::parse(R"({"use": "adamw", "lr": 1e-3})"));
  EXPECT_FALSE(other.origins.contains("/optimizer/momentum"));
  EXPECT_EQ(load("same.json").root["optimizer"],
            Json::parse(R"({"use": "sgd", "lr": 1e-3, "momentum": 0.9})"));
}

TEST_F(LoadDocument, RefusesARecipeThatExtendsItself) {
  write("a.json", R"({"extends": "sub/b.json"})");
  write("sub/b.json", R"({"extends": "../a.json"})");
  write("self.json", R"({"extends": "self.json"})");
  EXPECT_EQ(
      error_of([&] { load("a.json"); }),
      "sub/b.json:1:13: a recipe must not extend itself: a.json -> b.json -> a.json; take one "
      "of these files out of the chain");
  EXPECT_THAT(error_of([&] { load("self.json"); }), HasSubstr("self.json -> self.json"));
}

TEST_F(LoadDocument, SeesACycleThroughALink) {
  write("a.json", R"({"extends": "link.json"})");
  std::filesystem::create_symlink("a.json", "link.json");
  EXPECT_THAT(error_of([&] { load("a.json"); }), HasSubstr("must not extend itself"));
}

TEST_F(LoadDocument, RefusesATreeOfBasesThatExplodes) {
  write("0.json", "{}");
  for (int i = 1; i <= 30; ++i) {
    const std::string base = "\"" + std::to_string(i - 1) + ".json\"";
    write(std::to_string(i) + ".json", "{\"extends\": [" + base + ", " + base + "]}");
  }
  EXPECT_THAT(error_of([&] { load("30.json"); }), HasSubstr("more than 64 files"));
}

TEST_F(LoadDocument, RefusesAnExtendsThatIsNoPath) {
  write("r.json", R"({"extends": 3})");
  write("list.json", R"({"extends": ["r2.json", {"a": 1}]})");
  write("r2.json", "{}");
  EXPECT_EQ(
      error_of([&] { load("r.json"); }),
      "r.json:1:13: `extends` names other recipes: expected a path or a list of paths, found `3`");
  EXPECT_THAT(error_of([&] { load("list.json"); }), StartsWith("list.json:1:25: `extends`"));
}

TEST_F(LoadDocument, NamesThePlaceOfAMissingBase) {
  write("r.json", "{\n  \"extends\": \"gone.json\"}");
  EXPECT_EQ(error_of([&] { load("r.json"); }),
            "r.json:2:14: cannot read the recipe `gone.json`: No such file or directory");
}

TEST_F(LoadDocument, RefusesWhatIsNoReadableFile) {
  std::filesystem::create_directory("folder");
  EXPECT_EQ(error_of([&] { load("folder"); }),
            "folder: `folder` is a folder: expected a recipe: a file with JSON in UTF-8");
  EXPECT_EQ(error_of([&] { load("gone.json"); }),
            "gone.json: cannot read the recipe `gone.json`: No such file or directory");
  write("empty.json", "");
  EXPECT_THAT(error_of([&] { load("empty.json"); }), StartsWith("empty.json:1:1: the text"));
  write("list.json", "[1]");
  EXPECT_EQ(error_of([&] { load("list.json"); }),
            "list.json:1:1: a recipe is a JSON object: expected `{`, found a list of 1");
  write("name.json", R"({"extends": ")" + std::string(4000, 'n') + R"("})");
  EXPECT_THAT(error_of([&] { load("name.json"); }), HasSubstr("cannot read"));
}

TEST_F(LoadDocument, RefusesAFileThatIsNoText) {
  write("weights.safetensors", std::string("\x08\0\0\0\0\0\0\0{}", 10));
  EXPECT_EQ(error_of([&] { load("weights.safetensors"); }),
            "weights.safetensors: `weights.safetensors` is not a text file: expected a "
            "recipe: a file with JSON in UTF-8");
  write("r.json", R"({"extends": "weights.safetensors"})");
  EXPECT_THAT(error_of([&] { load("r.json"); }), StartsWith("r.json:1:13: `weights."));
}

TEST_F(LoadDocument, RefusesAFileOfMoreThan16MiB) {
  write("large.json", "{}" + std::string(16u << 20, ' '));
  EXPECT_THAT(error_of([&] { load("large.json"); }), HasSubstr("larger than the 16 MiB"));
}

TEST_F(LoadDocument, RefusesWhatIsNoFileWithoutWaiting) {
  write("r.json", R"({"extends": "pipe.json"})");
  ASSERT_EQ(::mkfifo("pipe.json", 0600), 0);
  EXPECT_EQ(
      error_of([&] { load("pipe.json"); }),
      "pipe.json: `pipe.json` is a special file: expected a recipe: a file with JSON in UTF-8");
  EXPECT_THAT(error_of([&] { load("r.json"); }), StartsWith("r.json:1:13: `pipe.json`"));
  EXPECT_THAT(error_of([&] { load("/dev/zero"); }), HasSubstr("is a special file"));
}

TEST_F(LoadDocument, ReadsAPipeThatItIsGivenToItsEnd) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::thread writer([&] {
    for (const std::string part : {"{\"a\"", ": 1}"}) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      EXPECT_EQ(::write(ends[1], part.data(), part.size()), static_cast<ssize_t>(part.size()));
    }
    ::close(ends[1]);
  });
  const Document document = load("/dev/fd/" + std::to_string(ends[0]));
  writer.join();
  ::close(ends[0]);
  EXPECT_EQ(document.root, Json::parse(R"({"a": 1})"));
}

TEST_F(LoadDocument, GivesTheTextOfTheFileItself) {
  write("base.json", R"({"a": 1})");
  write("r.json", R"({"extends": "base.json"} // mine)");
  Diagnostics diagnostics;
  std::string text;
  load_document("r.json", {}, diagnostics, &text);
  EXPECT_EQ(text, R"({"extends": "base.json"} // mine)");
}

TEST_F(LoadDocument, CollectsTheDuplicateKeysOfAllFiles) {
  write("deep.json", R"({"a": {"b": 1, "b": 2}})");
  write("base.json", R"({"extends": "deep.json", "c": 1, "c": 2})");
  write("r.json", R"({"extends": "base.json", "extends": "base.json"})");
  EXPECT_EQ(error_of([&] { load("r.json"); }),
            "r.json:1:26: duplicate key `extends`: expected each key once; it stands first at "
            "r.json:1:2\n"
            "base.json:1:34: duplicate key `c`: expected each key once; it stands first at "
            "base.json:1:26\n"
            "deep.json:1:16: duplicate key `b`: expected each key once; it stands first at "
            "deep.json:1:8");
}

TEST_F(LoadDocument, SaysWhatAFolderOfARunIsGoodFor) {
  write("my run/recipe.json", "{}");
  const std::string error = error_of([&] { load("my run"); });
  EXPECT_THAT(error, HasSubstr("give `my run/recipe.json`"));
  EXPECT_THAT(error, HasSubstr("`knack train --resume 'my run'`"));
}

TEST_F(LoadDocument, SaysThatRecipesAreJson) {
  write("r.yaml", "trainer:\n  epochs: 3\n");
  EXPECT_THAT(error_of([&] { load("r.yaml"); }), HasSubstr("recipes are JSON"));
  write("wrong.json", "trainer:\n  epochs: 3\n");
  EXPECT_THAT(error_of([&] { load("wrong.json"); }), Not(HasSubstr("recipes are JSON")));
}

TEST_F(LoadDocument, TakesJsonUnderAnyName) {
  for (const char* before : {"", "\n ", "// a recipe\n"}) {
    for (const char* name : {"r.yaml", "r.yml", "r.toml"}) {
      write(name, before + std::string(R"({"trainer": {"epochs": 3}})"));
      EXPECT_EQ(load(name).root, Json::parse(R"({"trainer": {"epochs": 3}})")) << name << before;
    }
  }
}

}  // namespace
}  // namespace knack::host
