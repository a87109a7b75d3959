// SPDX-License-Identifier: MIT
// Wrong plugins through the finished program: the exit code, the one line, and never a crash.
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

constexpr int kUsage = 2;
constexpr int kPlugin = 4;
constexpr int kData = 5;
constexpr int kTraining = 6;

struct Fault {
  const char* plugin;
  int exit_code;
  const char* text;  ///< what follows the file
};

constexpr const char* kRebuild = "; rebuild it with knack_add_plugin()";
constexpr const char* kReport = "; report this to the plugin's author";

void PrintTo(const Fault& fault, std::ostream* stream) {
  *stream << fault.plugin;
}

Json with_trick(const std::string& id) {
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", id}, {"name", "mine"}}};
  return recipe;
}

std::string folder_of(const std::string& fixture) {
  return std::filesystem::canonical(KNACK_PLUGIN_FIXTURES "/" + fixture).string();
}

std::string file_of(const std::string& fixture) {
  return folder_of(fixture) + "/" + fixture + ".so";
}

/// The place of the only trick's id in the recipe that Workbench::failure() writes.
std::string place_of_use(const Workbench& bench) {
  const std::string text = file_bytes(bench.path() / "recipe.json");
  const std::string before = text.substr(0, text.find("\"use\"", text.find("\"tricks\"")));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto column = before.size() - before.rfind('\n') + std::string("\"use\": ").size();
  return (bench.path() / "recipe.json").string() + ":" + std::to_string(line) + ":" +
         std::to_string(column) + ": ";
}

/// What is said of the instance `mine`: the plugin's file is named before what to do about it.
std::string told_of_mine(const std::string& plugin, std::string text) {
  text.insert(std::min(text.find(kReport), text.size()),
              "; the plugin's file is " + file_of(plugin));
  return "trick " + plugin + " (instance mine), " + text + "\n";
}

class BrokenPlugin : public ::testing::TestWithParam<Fault> {};

TEST_P(BrokenPlugin, IsRefusedInOneLineThatNamesThePlaceInTheRecipe) {
  Workbench bench;
  const Fault& fault = GetParam();
  const std::string line = bench.failure(with_trick(fault.plugin), fault.exit_code,
                                         {"--plugin-path", folder_of(fault.plugin)});
  const std::string text = fault.text;
  const std::string refusal = file_of(fault.plugin) + ": " + text + "\n";
  const std::string prefix = place_of_use(bench);
  const std::size_t fix = std::min(text.rfind("; "), text.size());
  const std::string when_loaded = text.substr(0, fix) + "; the plugin's file is " +
                                  file_of(fault.plugin) + text.substr(fix) + "\n";
  EXPECT_THAT(line, ::testing::AnyOf(prefix + when_loaded, prefix + "trick " + fault.plugin +
                                                               " cannot be used; " + refusal));
}

INSTANTIATE_TEST_SUITE_P(
    EachFault, BrokenPlugin,
    ::testing::Values(
        Fault{"no_manifest", kPlugin,
              "manifest: expected a .knack_manifest section, found none; rebuild it with "
              "knack_add_plugin()"},
        Fault{"other_abi_major", kPlugin,
              "manifest.abi_major: expected 1, found 2; rebuild the plugin with this knack's "
              "headers, or use a knack of its ABI major"},
        Fault{"newer_abi_minor", kPlugin,
              "manifest.abi_minor: expected at most 1, found 7; update knack or build the plugin "
              "for an older minor"},
        Fault{"no_entry", kPlugin,
              "symbol: expected the export knack_plugin_v1, found none; rebuild it with "
              "knack_add_plugin()"},
        Fault{"undefined_symbol", kPlugin,
              "dlopen: expected a library that loads, found 'undefined symbol: "
              "knack_fixture_function_of_nobody'; install what it needs or rebuild the plugin"},
        Fault{"entry_too_short", kPlugin,
              "entry.struct_size: expected at least 56, found 48; rebuild it with "
              "knack_add_plugin()"},
        Fault{"entry_of_other_minor", kPlugin,
              "entry.abi_minor_needed: expected 0, found 3; rebuild it with knack_add_plugin()"},
        Fault{"entry_of_other_manifest", kPlugin,
              "entry.manifest: expected the content of the section .knack_manifest, found other "
              "bytes; rebuild it with knack_add_plugin()"},
        Fault{"more_descriptors_than_promised", kPlugin,
              "entry.descriptor_count: expected 1, found 2; rebuild it with knack_add_plugin()"},
        Fault{"descriptor_of_other_id", kPlugin,
              "descriptor(0): expected trick descriptor_of_other_id, found trick something_else; "
              "rebuild it with knack_add_plugin()"},
        Fault{"fails_in_init", kPlugin, "trick fails_in_init, init: the licence file is missing"}),
    [](const auto& test) { return std::string(test.param.plugin); });

class FaultyPlugin : public ::testing::TestWithParam<Fault> {};

TEST_P(FaultyPlugin, EndsTheRunWithOneLineThatNamesPlacePluginInstanceAndFunction) {
  Workbench bench;
  const Fault& fault = GetParam();
  const std::string line = bench.failure(with_trick(fault.plugin), fault.exit_code,
                                         {"--plugin-path", folder_of(fault.plugin)});
  EXPECT_EQ(line, place_of_use(bench) + told_of_mine(fault.plugin, fault.text));
}

INSTANTIATE_TEST_SUITE_P(
    EachFault, FaultyPlugin,
    ::testing::Values(
        Fault{"throws_in_create", kPlugin,
              "create: expected a status, found the exception 'the decay is 2'; report this to the "
              "plugin's author"},
        Fault{"creates_nothing", kPlugin,
              "create: expected an instance, found NULL; report this to the plugin's author"},
        Fault{"refuses_in_create", kData, "create: labels.gz: expected 60000 labels, found 12"},
        Fault{
            "throws_in_hook", kTraining,
            "after_step: expected a status, found the exception 'index 7 is out of range'; report "
            "this to the plugin's author"},
        Fault{"throws_an_int", kTraining,
              "after_step: expected a status, found an exception of unknown type; report this to "
              "the plugin's author"},
        Fault{"error_without_text", kTraining,
              "after_step: expected a text with status 1, found none; report this to the plugin's "
              "author"},
        Fault{"reply_of_another_hook", kTraining,
              "after_step: expected a reply that this hook has, found 1; report this to the "
              "plugin's author"}),
    [](const auto& test) { return std::string(test.param.plugin); });

TEST(Plugins, ThatAreBrokenInTheirTablesAreRefused) {
  Workbench bench;
  EXPECT_EQ(bench.failure(with_trick("half_of_a_pair"), kPlugin,
                          {"--plugin-path", folder_of("half_of_a_pair")}),
            file_of("half_of_a_pair") +
                ": trick half_of_a_pair, state_save and state_load: expected all or none of them, "
                "found 1" +
                kReport + "\n");
  Json recipe = small_recipe();
  recipe["model"] = {{"use", "null_forward"}};
  EXPECT_EQ(bench.failure(recipe, kPlugin, {"--plugin-path", folder_of("null_forward")}),
            file_of("null_forward") +
                ": model null_forward, forward: expected a function, found NULL" + kReport + "\n");
}

TEST(Plugins, BuiltForAnotherLibTorchAreRefusedUnrun) {
  Workbench bench;
  const std::string line = bench.failure(with_trick("torch_cxx_other_version"), kPlugin,
                                         {"--plugin-path", folder_of("torch_cxx_other_version")});
  EXPECT_THAT(
      line,
      AllOf(StartsWith(place_of_use(bench)),
            HasSubstr(file_of("torch_cxx_other_version") + ": manifest.torch: expected version "),
            EndsWith("found version 2.2.1, cxx11_abi 0, compiler gcc-9; rebuild the plugin "
                     "with this host's LibTorch and compiler\n")));
}

TEST(Plugins, ThatAreNoSharedObjectsAreRefused) {
  Workbench bench;
  const auto file = bench.write_text("plugins/no_elf.so", std::string(100, 'x'));
  const std::string line =
      bench.failure(with_trick("no_elf"), kPlugin, {"--plugin-path", "plugins"});
  EXPECT_EQ(line, place_of_use(bench) + "trick no_elf cannot be used; " + file.string() +
                      ": file: expected an ELF shared object, found another kind of file; name a "
                      "plugin's .so file\n");
}

TEST(Plugins, ThatAreTruncatedAreRefused) {
  Workbench bench;
  const std::string whole = file_bytes(file_of("good_trick"));
  const auto file = bench.write_text("plugins/good_trick.so", whole.substr(0, whole.size() / 2));
  const std::string line =
      bench.failure(with_trick("good_trick"), kPlugin, {"--plugin-path", "plugins"});
  EXPECT_THAT(line, AllOf(StartsWith(place_of_use(bench) + "trick good_trick cannot be used; " +
                                     file.string() + ": ELF "),
                          HasSubstr(" bytes, found "), EndsWith("; build it or copy it again\n")));
}

TEST(Plugins, WithOneIdInTwoFilesAreBothNamed) {
  Workbench bench;
  const std::string folder = folder_of("duplicate_id");
  const std::string line =
      bench.failure(with_trick("duplicate_id"), kPlugin, {"--plugin-path", folder});
  EXPECT_EQ(line, place_of_use(bench) +
                      "trick duplicate_id: expected one file that provides it, found " + folder +
                      "/duplicate_id_second.so too; the plugin's file is " + folder +
                      "/duplicate_id_first.so; remove one of the two\n");
}

TEST(Plugins, ThatTheRecipeMisspellsAreSuggested) {
  Workbench bench;
  const std::string line = bench.failure(with_trick("emma"), kPlugin);
  EXPECT_THAT(line, AllOf(StartsWith(place_of_use(bench) +
                                     "there is no trick `emma`: expected the id of an installed "
                                     "trick; looked in "),
                          EndsWith("; did you mean `ema`?\n")));
}

TEST(Plugins, AreNotLookedForInAFolderThatIsNotThere) {
  Workbench bench;
  EXPECT_EQ(bench.failure(small_recipe(), kPlugin, {"--plugin-path", "nowhere"}),
            "nowhere: --plugin-path: expected a folder or a .so file, found No such file or "
            "directory; correct this path\n");
}

TEST(Plugins, OnlyTheOneThatIsUsedMustBeGood) {
  Workbench bench;
  bench.train(small_recipe(),
              {"--plugin-path", folder_of("no_manifest"), "--plugin-path",
               folder_of("throws_in_hook"), "--plugin-path", folder_of("no_entry")});
  bench.train(with_trick("good_trick"), {"--plugin-path", folder_of("good_trick")});
}

TEST(Plugins, AreListedWithTheReasonWhyOthersAreNot) {
  Workbench bench;
  const ProcessResult list =
      bench.knack({"plugins", "list", "--plugin-path", folder_of("no_manifest"), "--plugin-path",
                   folder_of("good_trick")});
  EXPECT_EQ(list.exit_code, 0);
  for (const char* id :
       {"resnet20", "mlp", "idx", "synthetic", "cross_entropy", "sgd", "adamw", "ema",
        "weight_average", "accumulate", "precise_bn", "no_weight_decay", "good_trick"}) {
    EXPECT_THAT(list.standard_output, HasSubstr(std::string(" ") + id + " "));
  }
  EXPECT_THAT(list.standard_output,
              HasSubstr("refused:\n  " + file_of("no_manifest") +
                        ": manifest: expected a .knack_manifest section, found none" + kRebuild));
}

TEST(Plugins, AreInspectedWithTheirOptions) {
  Workbench bench;
  const ProcessResult by_id = bench.knack({"plugins", "inspect", "ema"});
  EXPECT_EQ(by_id.exit_code, 0);
  EXPECT_THAT(by_id.standard_output,
              AllOf(HasSubstr("ema.so"), HasSubstr("decay"), HasSubstr("0.9999"),
                    HasSubstr("schedule"), HasSubstr("license")));
  const ProcessResult by_file = bench.knack({"plugins", "inspect", file_of("good_trick")});
  EXPECT_EQ(by_file.exit_code, 0) << "a file outside of the search path";
  EXPECT_THAT(by_file.standard_output, StartsWith("trick        good_trick\n"));
}

struct Inspection {
  Words arguments;
  int exit_code;
  std::string error;
};

TEST(Plugins, ThatCannotBeInspectedAreNamedWithTheNearest) {
  const Workbench bench;
  const std::string file = file_of("no_manifest");
  for (const Inspection& inspection : {
           Inspection{{"emma"},
                      kPlugin,
                      "no plugin provides `emma`; did you mean `ema`?; "
                      "`knack plugins list` shows what there is"},
           Inspection{{"ema", "--kind", "modle"},
                      kUsage,
                      "--kind modle: expected one of trick, model, dataset, objective, optimizer; "
                      "did you mean `model`?"},
           Inspection{{"ema", "--kind", "model"},
                      kPlugin,
                      "--kind model: `ema` is a plugin of kind trick"},
           Inspection{
               {file},
               kPlugin,
               file + ": manifest: expected a .knack_manifest section, found none" + kRebuild},
           Inspection{{"./nowhere.so"},
                      kPlugin,
                      "./nowhere.so: expected a plugin file, found none; correct this path"},
       }) {
    Words arguments = {"plugins", "inspect"};
    arguments.insert(arguments.end(), inspection.arguments.begin(), inspection.arguments.end());
    const ProcessResult result = bench.knack(arguments);
    EXPECT_EQ(result.exit_code, inspection.exit_code) << result.standard_error;
    EXPECT_EQ(told(result.standard_error), inspection.error + "\n");
    EXPECT_EQ(result.standard_output, "");
  }
}

/// A copy of the program where no plugins are installed.
std::string program_without_plugins(const Workbench& bench, bool with_folder) {
  const auto program = bench.path() / "install/bin/knack";
  std::filesystem::create_directories(program.parent_path());
  std::filesystem::copy_file(KNACK_PROGRAM, program);
  std::filesystem::create_directories(bench.path() / "install/lib/knack");
  std::filesystem::create_directory_symlink(  // LibTorch, which it looks for there
      std::filesystem::path(KNACK_PROGRAM).parent_path().parent_path() / "lib/knack/torch",
      bench.path() / "install/lib/knack/torch");
  if (with_folder) std::filesystem::create_directories(bench.path() / "install/lib/knack/plugins");
  return program.string();
}

class NoPlugins : public ::testing::TestWithParam<bool> {};

TEST_P(NoPlugins, LeaveAHostThatListsNothingAndSaysWhatATrainingLacks) {
  Workbench bench;
  const std::string program = program_without_plugins(bench, GetParam());
  const ProcessResult list = bench.knack({"plugins", "list"}, program);
  EXPECT_EQ(list.exit_code, 0) << list.standard_error;
  EXPECT_THAT(list.standard_output,
              AllOf(StartsWith("no plugins found; looked in:\n"),
                    HasSubstr("  " + (bench.path() / "install/lib/knack/plugins").string() +
                              (GetParam() ? "\n" : " (does not exist)\n"))));

  const auto recipe = bench.write("recipe.json", small_recipe());
  const ProcessResult train = bench.knack({"train", recipe.string()}, program);
  EXPECT_EQ(train.exit_code, kPlugin);
  EXPECT_EQ(train.standard_output, "");
  EXPECT_THAT(told(train.standard_error),
              AllOf(StartsWith(recipe.string() + ":"),
                    HasSubstr(GetParam() ? "; looked in " +
                                               (bench.path() / "install/lib/knack/plugins").string()
                                         : "; there is no plugin folder"),
                    EndsWith("; name its folder with --plugin-path\n")));
  EXPECT_FALSE(std::filesystem::exists(bench.path() / "runs"));
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutFolder, NoPlugins, ::testing::Bool());

TEST(CheckedPlugins, ThatDrawFromTheProgramsRandomNumbersAreNamed) {
  Workbench bench;
  Json recipe = with_trick("draws_random_numbers");
  const Words place = {"--plugin-path", folder_of("draws_random_numbers")};
  bench.train(recipe, place);  // unchecked
  recipe["trainer"]["check_plugins"] = true;
  const std::string line = bench.failure(recipe, kTraining, place);
  EXPECT_EQ(line,
            place_of_use(bench) +
                told_of_mine("draws_random_numbers",
                             std::string("after_step: expected this thread's state left as it ") +
                                 "was, found random numbers drawn from the default stream of cpu" +
                                 kReport));
}

TEST(CheckedPlugins, OfThisTreeLeaveTheProgramsStateAlone) {
  Workbench bench;
  Json recipe = five_trick_recipe();
  recipe["tricks"].push_back({{"use", "read_only_trick"}});
  recipe["optimizer"] = {{"use", "adamw"}, {"lr", 0.01}};
  const Words place = {"--plugin-path", folder_of("read_only_trick")};
  const TrainedRun unchecked = bench.train(recipe, place);
  recipe["trainer"]["check_plugins"] = true;
  expect_same_weights(unchecked, bench.train(recipe, place));
  recipe = small_recipe();
  recipe["trainer"]["check_plugins"] = true;
  for (const char* section : {"train", "valid", "test"}) {
    recipe["data"][section] = {
        {"use", "synthetic"}, {"samples", 64}, {"channels", 1}, {"height", 8}, {"width", 8}};
  }
  bench.train(recipe);
}

}  // namespace
}  // namespace knack::testing
