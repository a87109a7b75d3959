// SPDX-License-Identifier: MIT
#include "tests/unit/host/recipe/recipe_files.hpp"

namespace knack::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using ReadRecipe = RecipeFiles;

TEST_F(ReadRecipe, FillsInEveryDefault) {
  write("r.json", minimal_recipe());
  const Recipe recipe = read("r.json");
  EXPECT_EQ(recipe.name, "run");
  EXPECT_EQ(recipe.model.use, "mlp");
  EXPECT_FALSE(recipe.initial_weights.has_value());
  EXPECT_EQ(recipe.train.loader.batch_size, 32);
  EXPECT_FALSE(recipe.train.loader.shuffle);
  EXPECT_FALSE(recipe.train.loader.drop_last);
  EXPECT_EQ(recipe.train.loader.workers, 2);
  EXPECT_FALSE(recipe.test.has_value());
  EXPECT_EQ(recipe.trainer.epochs, 10);
  EXPECT_EQ(recipe.trainer.seed, 1);
  EXPECT_EQ(recipe.trainer.device, "auto");
  EXPECT_EQ(recipe.trainer.precision, "fp32");
  EXPECT_FALSE(recipe.trainer.channels_last);
  EXPECT_EQ(recipe.trainer.threads, 0);
  EXPECT_EQ(recipe.trainer.monitor, "top1");
  EXPECT_EQ(recipe.trainer.mode, "max");
  EXPECT_EQ(recipe.trainer.non_finite, "stop");
  EXPECT_EQ(recipe.trainer.non_finite_limit, 10);
  EXPECT_FALSE(recipe.trainer.check_plugins);
  EXPECT_EQ(recipe.trainer.log_every_seconds, 10.0);
  EXPECT_EQ(recipe.trainer.record_every_steps, 50);
  EXPECT_EQ(recipe.trainer.run_root, "runs");
  EXPECT_EQ(recipe.checkpoint.every_epochs, 1);
  EXPECT_EQ(recipe.checkpoint.every_steps, 0);
  EXPECT_EQ(recipe.checkpoint.every_minutes, 0.0);
  EXPECT_EQ(recipe.checkpoint.keep, 2);
  EXPECT_TRUE(recipe.checkpoint.best);
  EXPECT_TRUE(recipe.tricks.empty());
  EXPECT_TRUE(recipe.plugin_path.empty());
}

TEST_F(ReadRecipe, ReadsEveryKeyOfTheHost) {
  write("sub/r.json", R"({
  "name": "digits-1",
  "model": {"use": "resnet20", "in_channels": 1, "weights": "w.safetensors"},
  "data": {
    "train": {"use": "idx", "batch_size": 64, "shuffle": true, "drop_last": true, "workers": 0,
              "root": "d"},
    "valid": {"use": "idx", "batch_size": 256},
    "test": {"use": "png", "workers": 64}
  },
  "objective": {"use": "cross_entropy"},
  "optimizer": {"use": "sgd", "lr": 0.1},
  "trainer": {"epochs": 3, "seed": 0, "device": "cuda", "precision": "bf16", "channels_last": true,
              "threads": 2, "monitor": "loss", "mode": "min",
              "non_finite": "skip_step", "non_finite_limit": 3, "check_plugins": true,
              "log_every_seconds": 0.5, "record_every_steps": 0, "run_root": "out"},
  "checkpoint": {"every_epochs": 0, "every_steps": 100, "every_minutes": 0.5, "keep": 3, "best": false},
  "tricks": [{"use": "ema", "decay": 0.9}, {"use": "ema", "name": "slow"}],
  "plugins": {"path": ["plugins", "/opt/plugins"]}
})");
  const Recipe recipe = read("sub/r.json");
  EXPECT_EQ(recipe.name, "digits-1");
  EXPECT_EQ(recipe.model.options, Json::parse(R"({"in_channels": 1})"));
  EXPECT_EQ(recipe.initial_weights->file, folder() / "sub/w.safetensors");
  EXPECT_EQ(recipe.train.dataset.options, Json::parse(R"({"root": "d"})"));
  EXPECT_EQ(recipe.train.loader.batch_size, 64);
  EXPECT_TRUE(recipe.train.loader.shuffle);
  EXPECT_TRUE(recipe.train.loader.drop_last);
  EXPECT_EQ(recipe.train.loader.workers, 0);
  EXPECT_EQ(recipe.valid.loader.batch_size, 256);
  ASSERT_TRUE(recipe.test.has_value());
  EXPECT_EQ(recipe.test->dataset.use, "png");
  EXPECT_EQ(recipe.test->dataset.pointer, "/data/test");
  EXPECT_EQ(recipe.test->loader.workers, 64);
  EXPECT_EQ(recipe.trainer.epochs, 3);
  EXPECT_EQ(recipe.trainer.seed, 0);
  EXPECT_EQ(recipe.trainer.device, "cuda");
  EXPECT_EQ(recipe.trainer.precision, "bf16");
  EXPECT_TRUE(recipe.trainer.channels_last);
  EXPECT_EQ(recipe.trainer.threads, 2);
  EXPECT_EQ(recipe.trainer.monitor, "loss");
  EXPECT_EQ(recipe.trainer.mode, "min");
  EXPECT_EQ(recipe.trainer.non_finite, "skip_step");
  EXPECT_EQ(recipe.trainer.non_finite_limit, 3);
  EXPECT_TRUE(recipe.trainer.check_plugins);
  EXPECT_EQ(recipe.trainer.log_every_seconds, 0.5);
  EXPECT_EQ(recipe.trainer.record_every_steps, 0);
  EXPECT_EQ(recipe.trainer.run_root, "out");
  EXPECT_EQ(recipe.checkpoint.every_epochs, 0);
  EXPECT_EQ(recipe.checkpoint.every_steps, 100);
  EXPECT_EQ(recipe.checkpoint.every_minutes, 0.5);
  EXPECT_EQ(recipe.checkpoint.keep, 3);
  EXPECT_FALSE(recipe.checkpoint.best);
  ASSERT_EQ(recipe.tricks.size(), 2u);
  EXPECT_EQ(recipe.tricks[0].name, "ema");
  EXPECT_EQ(recipe.tricks[0].options, Json::parse(R"({"decay": 0.9})"));
  EXPECT_EQ(recipe.tricks[1].name, "slow");
  EXPECT_EQ(recipe.tricks[1].pointer, "/tricks/1");
  EXPECT_THAT(recipe.plugin_path, ElementsAre(folder() / "sub/plugins", "/opt/plugins"));
}

TEST_F(ReadRecipe, ListsTheSectionsThatNameAPlugin) {
  write("r.json", minimal_recipe(R"(, "tricks": [{"use": "ema"}])"));
  Recipe recipe = read("r.json");
  std::vector<std::string> pointers;
  for (const auto& named : plugin_sections(recipe)) pointers.push_back(named.section->pointer);
  EXPECT_THAT(pointers, ElementsAre("/model", "/data/train", "/data/valid", "/objective",
                                    "/optimizer", "/tricks/0"));
}

TEST_F(ReadRecipe, ResolvesPathsOfTheCommandLineAgainstTheCurrentFolder) {
  write("sub/r.json", minimal_recipe());
  const Recipe recipe = read("sub/r.json", {"model.weights=w.st", "plugins.path=[\"../p\"]"});
  EXPECT_EQ(recipe.initial_weights->file, folder() / "w.st");
  EXPECT_THAT(recipe.plugin_path, ElementsAre(folder().parent_path() / "p"));
}

TEST_F(ReadRecipe, ResolvesPathsOfABaseAgainstItsOwnFolder) {
  write("base/b.json", minimal_recipe(R"(, "plugins": {"path": ["p"]})"));
  write("r.json", R"({"extends": "base/b.json", "model": {"weights": "w.st"}})");
  const Recipe recipe = read("r.json");
  EXPECT_EQ(recipe.initial_weights->file, folder() / "w.st");
  EXPECT_THAT(recipe.plugin_path, ElementsAre(folder() / "base/p"));
}

TEST_F(ReadRecipe, CollectsEveryErrorWithItsPlace) {
  write("r.json", R"({
  "model": {"use": 3},
  "data": {"train": {"use": "idx", "workers": 65}, "vaild": {"use": "idx"}},
  "objective": [],
  "trainer": {"epochs": 3.7, "seed": true, "devise": "cpu", "precision": "fp23", "threads": -1},
  "tricks": [7, {"decay": 1}, {"use": "ema"}, {"use": "ema"}],
  "plugins": {"path": ["a", 5]},
  "nmae": "x"
})");
  EXPECT_EQ(error_of([&] { read("r.json"); }),
            "r.json:1:1: missing key `optimizer` in the recipe: expected a key `optimizer` in "
            "here\n"
            "r.json:2:20: `model.use` has the wrong type: expected a string that is not empty, "
            "found `3`\n"
            "r.json:3:11: missing key `valid` in `data`: expected a key `valid` in here\n"
            "r.json:3:47: `data.train.workers` is out of range: expected an integer from 0 to "
            "64, found `65`; `workers`: Loader threads; no number depends on it\n"
            "r.json:3:52: unknown key `vaild` in `data`: expected one of: train, valid, test; "
            "did you mean `valid`?\n"
            "r.json:4:16: `objective` has the wrong type: expected an object, found a list of 0\n"
            "r.json:5:25: `trainer.epochs` has the wrong type: expected an integer of at least "
            "1, found `3.7`; `epochs`: Passes over data.train\n"
            "r.json:5:38: `trainer.seed` has the wrong type: expected an integer of at least 0, "
            "found `true`; `seed`: Of initial weights, order of samples and random streams of "
            "plugins\n"
            "r.json:5:44: unknown key `devise` in `trainer`: no such key; expected one of: "
            "epochs, seed, device, precision, channels_last, threads, monitor, mode, non_finite, "
            "non_finite_limit, check_plugins, log_every_seconds, record_every_steps, run_root; "
            "did you mean `device`?\n"
            "r.json:5:74: `trainer.precision` is not one of its choices: expected one of "
            "\"fp32\", \"bf16\", \"fp64\", found `\"fp23\"`; `precision`: bf16: autocast, while "
            "weights stay fp32; did you mean `fp32`?\n"
            "r.json:5:93: `trainer.threads` is out of range: expected an integer from 0 to 1024, "
            "found `-1`; `threads`: Within one operator; 0 decides by the size of the operators\n"
            "r.json:6:14: `tricks[0]` has the wrong type: expected an object, found `7`\n"
            "r.json:6:17: missing key `use` in `tricks[1]`: expected a key `use` in here; name a "
            "plugin, such as `\"use\": \"ID\"`; `knack plugins list` shows what there is\n"
            "r.json:6:55: `tricks[3]` and `tricks[2]` are both named `ema`: expected a name of "
            "its own; tell them apart by a key `name`\n"
            "r.json:7:29: `plugins.path[1]` has the wrong type: expected a string that is not "
            "empty, found `5`\n"
            "r.json:8:3: unknown key `nmae` in the recipe: no such key; expected one of: name, "
            "model, data, objective, optimizer, trainer, checkpoint, tricks, plugins; did you "
            "mean `name`?");
}

TEST_F(ReadRecipe, RefusesTypesThatOnlyLookRight) {
  write("r.json", minimal_recipe());
  for (const char* value : {"3.0", "\"3\"", "true", "[3]", "1e2", "0", "-1"}) {
    const std::string text = std::string("trainer.epochs=") + value;
    EXPECT_THAT(error_of([&] { read("r.json", {text}); }),
                HasSubstr("--set " + text + ": `trainer.epochs` "));
    EXPECT_THAT(error_of([&] { read("r.json", {text}); }), HasSubstr(": expected an integer"));
  }
  for (const char* value : {"1", "\"true\"", "0"}) {
    const std::string text = std::string("data.train.shuffle=") + value;
    EXPECT_THAT(error_of([&] { read("r.json", {text}); }), HasSubstr("expected true or false"));
  }
  EXPECT_EQ(read("r.json", {"trainer.log_every_seconds=3"}).trainer.log_every_seconds, 3.0);
}

TEST_F(ReadRecipe, RefusesANameThatIsNoFolderName) {
  for (const char* name : {"..", "a/b", "", ".hidden", "-a", "a b"}) {
    write("r.json", minimal_recipe(", \"name\": \"" + std::string(name) + "\""));
    EXPECT_THAT(error_of([&] { read("r.json"); }),
                HasSubstr("`name` is not valid: expected a string"))
        << name;
  }
}

TEST_F(ReadRecipe, RefusesANameOfATrickThatIsNoFolderName) {
  for (const char* name : {"../../../evil", "..", "a/b", "", ".hidden"}) {
    write("r.json",
          minimal_recipe(R"(, "tricks": [{"use": "ema", "name": ")" + std::string(name) + "\"}]"));
    EXPECT_THAT(error_of([&] { read("r.json"); }),
                HasSubstr("`tricks[0].name` is not valid: expected a string"))
        << name;
  }
}

TEST_F(ReadRecipe, PrefersTheLowerLossUnlessToldOtherwise) {
  write("r.json", minimal_recipe());
  const auto mode = [&](const std::vector<std::string>& overrides) {
    return read("r.json", overrides).trainer.mode;
  };
  EXPECT_EQ(mode({"trainer.monitor=loss"}), "min");
  EXPECT_EQ(mode({"trainer.monitor=box_loss"}), "min");
  EXPECT_EQ(mode({"trainer.monitor=top5"}), "max");
  EXPECT_EQ(mode({"trainer.monitor=loss", "trainer.mode=max"}), "max");
  EXPECT_EQ(resolved(read("r.json", {"trainer.monitor=loss"}))["trainer"]["mode"], "min");
}

TEST_F(ReadRecipe, SurvivesARecipeInWhichEverySectionIsWrong) {
  for (const char* value : {"null", "1", "\"x\"", "[]", "[[]]", "{}", "[{}]", "{\"use\": {}}"}) {
    Json root;
    for (const char* key :
         {"name", "model", "data", "objective", "optimizer", "trainer", "tricks", "plugins"}) {
      root[key] = Json::parse(value);
    }
    write("r.json", root.dump());
    EXPECT_THAT(error_of([&] { read("r.json"); }), HasSubstr("r.json:1:")) << value;
  }
}

}  // namespace
}  // namespace knack::host
