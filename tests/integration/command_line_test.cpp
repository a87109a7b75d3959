// SPDX-License-Identifier: MIT
// The command line, by its exit codes and messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kUsage = 2;

std::string usage_error(const Words& arguments) {
  const Workbench bench;
  const ProcessResult result = bench.knack(arguments);
  EXPECT_EQ(result.exit_code, kUsage) << result.standard_error;
  EXPECT_EQ(result.standard_output, "");
  const std::string line = told(result.standard_error);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  return line;
}

TEST(CommandLine, SuggestsTheNearestCommand) {
  EXPECT_EQ(
      usage_error({"trian", "recipe.json"}),
      "knack trian recipe.json: `knack` has no command `trian`: no such command; did you mean "
      "`train`?; `knack --help` shows what there is\n");
  EXPECT_THAT(usage_error({"plugins", "lst"}), HasSubstr("did you mean `list`?"));
}

TEST(CommandLine, SuggestsTheNearestOption) {
  EXPECT_THAT(usage_error({"train", "recipe.json", "--run-dri", "x"}),
              AllOf(HasSubstr(": `knack train` has no option `--run-dri`"),
                    HasSubstr("did you mean `--run-dir`?")));
}

/// What follows "did you mean" for these words; empty without it.
std::string advice(const Words& arguments) {
  Workbench bench;
  bench.write_text("r.json", R"({"optimizer": {"use": "sgd", "lr": 0.1},
      "tricks": [{"use": "ema", "decay": 0.9}]})");
  const ProcessResult result = bench.knack(arguments);
  EXPECT_EQ(result.exit_code, kUsage) << result.standard_error;
  const std::string text = told(result.standard_error);
  const std::size_t begin = text.find("did you mean ");
  return begin == text.npos ? "" : text.substr(begin + 13, text.find('?', begin) - begin - 13);
}

TEST(CommandLine, SaysHowToSetAValueOfTheRecipe) {
  const std::string epochs = "`--set trainer.epochs=3`";
  EXPECT_EQ(advice({"train", "r.json", "--epochs", "3"}), epochs);
  EXPECT_EQ(advice({"train", "--epochs", "3", "r.json"}), epochs);
  EXPECT_EQ(advice({"train", "--epochs=3", "r.json"}), epochs);
  EXPECT_EQ(advice({"train", "r.json", "--set", "trainer.epochs", "3"}), epochs);
  EXPECT_EQ(advice({"train", "--set", "trainer.epochs", "3", "r.json"}), epochs);
  EXPECT_EQ(advice({"train", "r.json", "trainer.epochs=3"}), epochs);
  EXPECT_EQ(advice({"train", "r.json", "trainer.epohcs=3"}), epochs);
  EXPECT_EQ(advice({"train", "r.json", "--lr", "0.2"}), "`--set optimizer.lr=0.2`");
  EXPECT_EQ(advice({"train", "r.json", "ema.decai=0.5"}), "`--set 'tricks[ema].decay=0.5'`");
}

TEST(CommandLine, AdvisesNoValueThatIsNone) {
  EXPECT_EQ(advice({"train", "r.json", "--epochs="}), "`--set trainer.epochs=VALUE`");
  EXPECT_EQ(advice({"train", "--threads", "r.json"}), "`--set trainer.threads=VALUE`");
  EXPECT_EQ(advice({"train", "r.json", "--epochs", "r.json"}), "`--set trainer.epochs=VALUE`");
  EXPECT_EQ(advice({"train", "--set", "lr", "r.json", "--nothing"}), "");
  EXPECT_EQ(advice({"train", "r.json", "trainer.nothing=3"}), "");
  EXPECT_EQ(advice({"train", "nowhere.json", "--lr", "0.2"}), "");
}

TEST(CommandLine, RefusesEmptyValuesOfOptions) {
  for (const Words& words : {Words{"eval", "run", "--data", ""},
                             {"eval", "run", "--weights", ""},
                             {"report", "run", "--to", ""},
                             {"ablate", "r.json", "--tricks", ""},
                             {"train", "r.json", "--run-dir", ""},
                             {"train", "--resume", ""},
                             {"compare", "run", "--to", ""}}) {
    EXPECT_THAT(usage_error(words), AllOf(HasSubstr("wrong value of `--"),
                                          HasSubstr("expected a value, found an empty one")));
  }
}

TEST(CommandLine, KnowsHowVersionsAreAskedForElsewhere) {
  for (const char* word : {"version", "-v", "-V"}) {
    EXPECT_THAT(usage_error({word}), HasSubstr("did you mean `knack --version`?"));
  }
}

TEST(CommandLine, HasHelpThatFitsATerminal) {
  const Workbench bench;
  for (const Words& words : {Words{"--help"}, {"train", "--help"}, {"help", "ablate"}}) {
    const std::string help = bench.knack(words).standard_output;
    const std::size_t begin = help.find("Exit codes: 0 success");
    ASSERT_NE(begin, help.npos);
    std::istringstream lines(help.substr(begin));
    for (std::string line; std::getline(lines, line);) EXPECT_LT(line.size(), 100u) << line;
  }
}

TEST(CommandLine, SaysWhatIsMissing) {
  EXPECT_EQ(usage_error({"train"}),
            "`knack train`: expected a recipe, or --resume with a run; `knack train --help` shows "
            "what there is\n");
  EXPECT_THAT(usage_error({}),
              StartsWith("knack: `knack` needs a command: expected a command; the commands are "
                         "`train`, `eval`, "));
  EXPECT_EQ(usage_error({"plugins"}),
            "knack plugins: `knack plugins` needs a command: expected a command; the commands are "
            "`list`, `inspect`, `validate`, `lock`; `knack plugins --help` shows what there is\n");
}

TEST(CommandLine, RefusesAnArgumentTooMany) {
  EXPECT_EQ(
      usage_error({"train", "one.json", "two.json"}),
      "knack train one.json two.json: `knack train` takes no argument `two.json`: expected no "
      "further argument; `knack train --help` shows what there is\n");
}

TEST(CommandLine, RefusesASplitThatDoesNotExist) {
  EXPECT_THAT(usage_error({"eval", "run", "--split", "train"}), HasSubstr("--split"));
}

TEST(CommandLine, FailsWhenItsResultCannotBeWritten) {
  const Workbench bench;
  const ProcessResult result =
      bench.knack({"-c", KNACK_PROGRAM " plugins list > /dev/full"}, "/bin/sh");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(told(result.standard_error),
            "standard output: cannot be written; make room on its disk\n");
}

TEST(CommandLine, ShowsItsVersionAndItsHelp) {
  const Workbench bench;
  const ProcessResult version = bench.knack({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.standard_output, StartsWith("knack "));
  const ProcessResult help = bench.knack({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* command : {"train", "eval", "explain", "plugins", "Exit codes: 0 success"}) {
    EXPECT_THAT(help.standard_output, HasSubstr(command));
  }
}

}  // namespace
}  // namespace knack::testing
