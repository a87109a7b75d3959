// SPDX-License-Identifier: MIT
// A plugin that crashes is named, and the process ends as the crash would have ended it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kPlugin = KNACK_LOOP_REPLY_PLUGINS "/crashes.so";

/// Runs a command line as a user would whose shell writes core dumps.
ProcessResult run_in_shell(const std::filesystem::path& folder, const std::string& command,
                           const Words& arguments = {}) {
  ProcessRequest request;
  request.arguments = {"/bin/sh", "-c", "ulimit -c 2048; " + command};
  request.arguments.insert(request.arguments.end(), arguments.begin(), arguments.end());
  request.environment = {{"HOME", folder.string()}, {"CI", "1"}};
  request.folder = folder;
  return run_process(request);
}

ProcessResult train(const Json& recipe) {
  Workbench bench;
  return run_in_shell(bench.path(), "exec \"$0\" \"$@\"",
                      {KNACK_PROGRAM, "train", bench.write("recipe.json", recipe).string(),
                       "--run-dir", "run", "--quiet", "--plugin-path", KNACK_LOOP_REPLY_PLUGINS});
}

Json with_trick(const char* hook, const char* way) {
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "acme.crashes"}, {"name", "falls"}, {"hook", hook}, {"way", way}}};
  return recipe;
}

struct Crash {
  const char* way;
  int signal;
  const char* signal_name;
};

void PrintTo(const Crash& crash, std::ostream* stream) {
  *stream << crash.way;
}

class CrashReport : public ::testing::TestWithParam<Crash> {};

INSTANTIATE_TEST_SUITE_P(InEveryWay, CrashReport,
                         ::testing::Values(Crash{"null", SIGSEGV, "SIGSEGV"},
                                           Crash{"overflow", SIGSEGV, "SIGSEGV"},
                                           Crash{"divide", SIGFPE, "SIGFPE"},
                                           Crash{"abort", SIGABRT, "SIGABRT"},
                                           Crash{"noexcept", SIGABRT, "SIGABRT"}),
                         [](const auto& info) { return std::string(info.param.way); });

TEST_P(CrashReport, NamesTheTrickItsInstanceTheHookAndTheFile) {
  const auto [way, signal, name] = GetParam();
  const ProcessResult crashed = train(with_trick("after_step", way));
  EXPECT_EQ(crashed.signal, signal);
  EXPECT_THAT(crashed.standard_error,
              HasSubstr("\nknack: crash (" + std::string(name) +
                        ") in trick `acme.crashes` (instance `falls`), hook after_step\n  file: " +
                        kPlugin + "\n"));
}

TEST_P(CrashReport, NamesTheDatasetThatAWorkerReads) {
  const auto [way, signal, name] = GetParam();
  Json recipe = small_recipe();
  recipe["data"]["train"] = {
      {"use", "acme.crashing_data"}, {"way", way}, {"batch_size", 32}, {"workers", 2}};
  const ProcessResult crashed = train(recipe);
  EXPECT_EQ(crashed.signal, signal);
  EXPECT_THAT(crashed.standard_error,
              AllOf(HasSubstr("crash (" + std::string(name) + ") in dataset `acme.crashing_data`"),
                    HasSubstr("function batch\n  file: " + kPlugin + "\n")));
}

TEST_P(CrashReport, KeepsTheCoreDump) {
  const TemporaryFolder folder;
  const ProcessResult usual = run_in_shell(folder.path(), "kill -SEGV $$");
  ASSERT_EQ(usual.signal, SIGSEGV);
  const ProcessResult crashed = train(with_trick("batch", GetParam().way));
  EXPECT_EQ(crashed.signal, GetParam().signal);
  EXPECT_EQ(crashed.dumped_core, usual.dumped_core);
}

TEST(CrashReports, NameEveryHook) {
  for (const std::string hook : {"fit_begin", "batch", "eval_end"}) {
    const ProcessResult crashed = train(with_trick(hook.c_str(), "null"));
    EXPECT_EQ(crashed.signal, SIGSEGV);
    EXPECT_THAT(crashed.standard_error, HasSubstr("(instance `falls`), hook " + hook + "\n"));
  }
}

TEST(CrashReports, TellWhereTheLastCheckpointIsAndHowToGoOn) {
  Json recipe = with_trick("batch", "null");
  EXPECT_THAT(train(recipe).standard_error, Not(HasSubstr("checkpoint")));
  recipe["tricks"][0]["epoch"] = 2;
  const ProcessResult crashed = train(recipe);
  EXPECT_EQ(crashed.signal, SIGSEGV);
  EXPECT_THAT(crashed.standard_error,
              AllOf(HasSubstr("\n  the last good checkpoint is "),
                    HasSubstr("-step-7; go on with "), HasSubstr("knack train --resume ")));
}

TEST(CrashReports, NameTheTrickWithinWhoseHookAnotherPluginCrashes) {
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "measures"}, {"hook", "after_step"}}};
  recipe["data"]["valid"] = {{"use", "acme.crashing_data"}, {"batch_size", 32}, {"workers", 0}};
  EXPECT_THAT(
      train(recipe).standard_error,
      AllOf(HasSubstr("in dataset `acme.crashing_data` (instance `data.valid`)"),
            HasSubstr("\n  within trick `measures` (instance `measures`), hook after_step\n")));
}

TEST(CrashReports, SayNothingWhenAPluginOnlyFails) {
  Workbench bench;
  Json recipe = small_recipe();
  recipe["tricks"] = {{{"use", "answers"}, {"hook", "batch"}, {"reply", "fail"}, {"at", {1}}}};
  EXPECT_THAT(bench.failure(recipe, 6, {"--plugin-path", KNACK_LOOP_REPLY_PLUGINS}),
              Not(HasSubstr("crash")));
}

}  // namespace
}  // namespace knack::testing
