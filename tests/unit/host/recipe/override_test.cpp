// SPDX-License-Identifier: MIT
#include "host/recipe/override.hpp"

#include <cstdint>
#include <limits>

#include "tests/unit/host/recipe/recipe_files.hpp"

namespace knack::host {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Overrides : public RecipeFiles {
 protected:
  Overrides() {
    write("r.json", R"({
  "trainer": {"epochs": 20, "monitor": "top1"},
  "optimizer": {"use": "sgd", "lr": 0.1, "momentum": 0.9},
  "tricks": [{"use": "ema", "decay": 0.9}, {"use": "ema", "name": "slow"}, {"use": "acme.sam"}]
})");
  }

  Json apply(const std::vector<std::string>& overrides) const {
    return load("r.json", overrides).root;
  }
  std::string error_in(const std::string& override_text) const {
    return error_of([&] { apply({override_text}); });
  }
};

TEST_F(Overrides, OfAKeyInTheWrongPlaceSayWhereItStands) {
  const auto advised = [&](const std::string& text, const std::string& meant) {
    EXPECT_THAT(error_in(text), HasSubstr("did you mean " + meant + "?")) << text;
  };
  advised("epochs=3", "`--set trainer.epochs=3`");
  advised("lr=0.1", "`--set optimizer.lr=0.1`");
  advised("sam.rho=0.1", "`--set 'tricks[acme.sam].rho=0.1'`");
  advised("momentum=0.8", "`--set optimizer.momentum=0.8`");
  advised("slow.decay=0.1", "`--set 'tricks[slow].decay=0.1'`");
  advised("slow.nmae=x", "`--set 'tricks[slow].name=x'`");
  advised("epochs=", "`--set trainer.epochs=VALUE`");
  const std::string path(200, 'x');
  advised("run_root=/" + path, "`--set trainer.run_root=/" + path + "`");
  advised("batch_size=8", "`--set data.train.batch_size=8` or `--set data.valid.batch_size=8`");
}

TEST_F(Overrides, OfAKeyThatNoSectionHasGetNoAdvice) {
  for (const char* text : {"nesterov=true", "nothing.decay=0.1"}) {
    EXPECT_THAT(error_in(text), Not(HasSubstr("did you mean"))) << text;
  }
}

TEST_F(Overrides, TakeJsonAndElseAString) {
  const Json root = apply({"trainer.epochs=3", "trainer.monitor=loss", "trainer.a=\"7\"",
                           "trainer.b=[1, {\"c\": true}]", "trainer.d=a=b",
                           "trainer.e=", "trainer.f=1e400", "trainer.g={'x'}"});
  EXPECT_EQ(root["trainer"],
            Json::parse(R"({"epochs": 3, "monitor": "loss", "a": "7", "b": [1, {"c": true}],
                            "d": "a=b", "e": "", "f": "1e400", "g": "{'x'}"})"));
}

TEST_F(Overrides, AreTheOriginOfTheirValues) {
  const Document document = load("r.json", {"trainer.b=[1, 2]"});
  for (const char* pointer : {"/trainer/b", "/trainer/b/0", "/trainer/b/1"}) {
    EXPECT_EQ(document.origins.at(pointer).place_of_value(), "--set trainer.b=[1, 2]") << pointer;
    EXPECT_EQ(document.origins.at(pointer).folder(), folder());
  }
  EXPECT_EQ(document.origins.at("/trainer/epochs").source, "r.json");
}

TEST_F(Overrides, ReachListElementsByIndexAndByName) {
  const Json root = apply(
      {"tricks.0.decay=0.5", "tricks[slow].decay=0.6", "tricks[2].rho=1", "tricks[acme.sam].k=2"});
  EXPECT_EQ(root["tricks"], Json::parse(R"([{"use": "ema", "decay": 0.5},
      {"use": "ema", "name": "slow", "decay": 0.6}, {"use": "acme.sam", "rho": 1, "k": 2}])"));
}

TEST_F(Overrides, RemoveWithNull) {
  const Document document = load("r.json", {"tricks[ema]=null", "trainer.monitor=null"});
  EXPECT_EQ(document.root["tricks"],
            Json::parse(R"([{"use": "ema", "name": "slow"}, {"use": "acme.sam"}])"));
  EXPECT_EQ(document.root["trainer"], Json::parse(R"({"epochs": 20})"));
  EXPECT_EQ(document.origins.at("/tricks/0/name").place_of_key(), "r.json:4:59");
  EXPECT_FALSE(document.origins.contains("/tricks/0/decay"));
  EXPECT_EQ(document.origins.at("/tricks/1/use").place_of_key(), "r.json:4:77");
  EXPECT_FALSE(document.origins.contains("/tricks/2"));
}

TEST_F(Overrides, CreateWhatIsMissingInAnObject) {
  EXPECT_EQ(apply({"plugins.path=[\"p\"]"})["plugins"], Json::parse(R"({"path": ["p"]})"));
  EXPECT_EQ(apply({"a.b.c=1"})["a"], Json::parse(R"({"b": {"c": 1}})"));
}

TEST_F(Overrides, OfAPluginRemoveTheFormerOptionsInAnyOrder) {
  const Json expected = Json::parse(R"({"use": "adamw", "lr": 0.001})");
  EXPECT_EQ(apply({"optimizer.use=adamw", "optimizer.lr=0.001"})["optimizer"], expected);
  EXPECT_EQ(apply({"optimizer.lr=0.001", "optimizer.use=adamw"})["optimizer"], expected);
  EXPECT_EQ(apply({"optimizer.use=sgd"})["optimizer"]["momentum"], 0.9);
}

const std::string without_value =
    ": no value is given: expected PATH=VALUE, found no `=`; write `--set PATH=VALUE` with a path "
    "like `trainer.epochs` or `tricks[ema].decay`";

TEST_F(Overrides, NameTheTextThatIsWrong) {
  EXPECT_EQ(error_in("epochs"), "--set epochs" + without_value);
  EXPECT_EQ(error_in("tricks[eam].decay=1"),
            "--set tricks[eam].decay=1: no trick named `eam`: there are "
            "`ema`, `slow`, `acme.sam`; did you mean `ema`?");
  EXPECT_EQ(
      error_in("tricks.3.decay=1"),
      "--set tricks.3.decay=1: `tricks` has no element `3`: there are 3 elements, counted from "
      "0");
  EXPECT_EQ(error_in("trainer.epochs.x=1"),
            "--set trainer.epochs.x=1: `trainer.epochs` has no parts that can be set: expected "
            "an object or a list there, found `20`");
  for (const char* text : {"=3", ".a=1", "a.=1", "a..b=1", "a[=1", "a[]=1", "a[b]c=1", "[=]"}) {
    EXPECT_THAT(error_in(text), StartsWith("--set ")) << text;
  }
}

TEST_F(Overrides, NameATrickThatTheRecipeDoesNotHave) {
  const std::string expected = "--set tricks[ema].decay=0.9: no trick named `ema`: there are none";
  for (const char* recipe : {"{}", R"({"tricks": []})"}) {
    write("r.json", recipe);
    EXPECT_EQ(error_in("tricks[ema].decay=0.9"), expected) << recipe;
  }
}

TEST_F(Overrides, CannotExtendOtherRecipes) {
  for (const char* text : {"extends=base.json", "extends[0]=base.json"}) {
    EXPECT_EQ(error_in(text), std::string("--set ") + text +
                                  ": `extends` works only in recipe files; set single "
                                  "values, or write a recipe that extends both");
  }
}

TEST_F(Overrides, RefuseIntegersThatAreTooLarge) {
  for (const char* number : {"9223372036854775808", "-9223372036854775809"}) {
    EXPECT_THAT(error_in(std::string("trainer.epochs=") + number),
                HasSubstr(": this integer does not fit into 64 bits with sign"));
  }
  EXPECT_EQ(apply({"trainer.a=9223372036854775807"})["trainer"]["a"],
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(apply({"trainer.a=99999999999999999999-rc1"})["trainer"]["a"],
            "99999999999999999999-rc1");
}

TEST_F(Overrides, RefuseANameThatSeveralElementsHave) {
  write("r.json", R"({"tricks": [{"use": "ema"}, {"use": "ema"}]})");
  EXPECT_THAT(error_in("tricks[ema].decay=1"), HasSubstr("`tricks` has 2 elements named `ema`"));
}

TEST_F(Overrides, RefuseHostileText) {
  EXPECT_THAT(error_in("trainer.monitor=\xFF"), HasSubstr("not UTF-8"));
  EXPECT_THAT(error_in("trainer.a\nb=1"), HasSubstr("control characters"));
  EXPECT_THAT(error_in("trainer.monitor=" + std::string(1 << 20, 'x')), HasSubstr("too long"));
  std::string deep = "a";
  for (int i = 0; i < 10'000; ++i) deep += ".a";
  EXPECT_THAT(error_in(deep + "=1"), HasSubstr("too deep"));
  EXPECT_LT(error_in(deep + "=1").size(), 300u);
  // Not JSON for the parser, which caps the nesting; hence a string.
  EXPECT_TRUE(apply({"a=" + std::string(100, '[') + std::string(100, ']')})["a"].is_string());
}

TEST_F(Overrides, CollectAllErrors) {
  EXPECT_EQ(error_of([&] { apply({"a", "trainer.epochs=4", "b"}); }),
            "--set a" + without_value + "\n--set b" + without_value);
}

}  // namespace
}  // namespace knack::host
