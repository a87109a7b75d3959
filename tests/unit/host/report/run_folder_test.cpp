// SPDX-License-Identifier: MIT
#include "host/report/run_folder.hpp"
#include "host/report/metrics_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <limits>
#include <utility>

#include "tests/support/error_message.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using testing::error_message;
using testing::file_bytes;
using testing::TemporaryFolder;

TEST(RunFolder, GivesTwoRunsOfOneSecondTwoFolders) {
  const TemporaryFolder root;
  const RunFolder first = RunFolder::create_under(root.path(), "digits");
  const RunFolder second = RunFolder::create_under(root.path(), "digits");
  EXPECT_NE(first.path(), second.path());
  EXPECT_EQ(first.path().parent_path(), root.path() / "digits");
  EXPECT_TRUE(std::filesystem::is_directory(second.path() / "final"));
}

TEST(RunFolder, RefusesAFolderWithFilesInIt) {
  const TemporaryFolder root;
  root.write("busy/file", "content");
  EXPECT_EQ(error_message(ExitCode::usage, [&] { RunFolder::create(root.path() / "busy"); }),
            (root.path() / "busy").string() +
                ": expected a new or empty folder for the run, found one with files in it; choose "
                "another with --run-dir");
  EXPECT_EQ(file_bytes(root.path() / "busy/file"), "content");
}

TEST(RunFolder, BelongsToOneAtATime) {
  const TemporaryFolder root;
  {
    const RunFolder first = RunFolder::create(root.path() / "run");
    root.write("run/recipe.json", "{}");
    root.write("run/log.txt", "");
    EXPECT_EQ(error_message(ExitCode::data, [&] { RunFolder::take_over(root.path() / "run"); }),
              (root.path() / "run").string() + ": another process (pid " +
                  std::to_string(::getpid()) +
                  ") is training in this run folder; wait for it or choose another with --run-dir");
    EXPECT_NO_THROW(RunFolder::open(root.path() / "run"));
  }
  EXPECT_NO_THROW(RunFolder::take_over(root.path() / "run"));
}

TEST(RunFolder, NamesTheRunThatWasWrittenToLast) {
  const TemporaryFolder root;
  const auto now = std::filesystem::file_time_type::clock::now();
  for (const auto& [name, age] : {std::pair("b", 2), {"a", 1}, {"c", 3}}) {
    const std::string run = name;
    root.write(run + "/recipe.json", "{}");
    root.write(run + "/log.txt", "");
    std::filesystem::create_directory(root.path() / run / "final");
    std::filesystem::last_write_time(root.path() / run / "log.txt", now - std::chrono::hours(age));
  }
  EXPECT_EQ(error_message(ExitCode::data, [&] { RunFolder::open(root.path()); }),
            root.path().string() +
                ": expected a run folder, found no recipe.json in it; the newest run in it is `" +
                (root.path() / "a").string() + "`");
}

TEST(RunFolder, OfARunThatNeverBeganMayBeUsedAgain) {
  const TemporaryFolder root;
  root.write("run/.lock", "pid 1");
  EXPECT_NO_THROW(RunFolder::create(root.path() / "run"));
}

TEST(RunFolder, ThatIsTakenOverLosesWhatWasLeftHalfWritten) {
  const TemporaryFolder root;
  root.write("run/recipe.json", "{}");
  root.write("run/log.txt", "");
  const std::vector<std::string> leftovers = {"run/.recipe.json.1.0.tmp",
                                              "run/final/.live.safetensors.1.0.tmp",
                                              "run/plugins/average/.a.safetensors.1.0.tmp"};
  for (const std::string& file : leftovers) root.write(file, "half");
  const RunFolder run = RunFolder::take_over(root.path() / "run");
  for (const std::string& file : leftovers) {
    EXPECT_FALSE(std::filesystem::exists(root.path() / file)) << file;
  }
  EXPECT_TRUE(std::filesystem::exists(run.recipe_file()));
}

TEST(RunFolder, PutsTheFilesOfInstancesBackAsTheyWere) {
  const TemporaryFolder root;
  const RunFolder run = RunFolder::create(root.path() / "run");
  root.write("run/plugins/average/snapshots/1", "first");
  root.write("run/plugins/average/snapshots/2", "second");
  run.save_instance_files(root.path() / "copy");
  std::filesystem::remove(root.path() / "run/plugins/average/snapshots/1");
  root.write("run/plugins/average/snapshots/3", "third");
  run.restore_instance_files(root.path() / "copy");
  EXPECT_EQ(file_bytes(root.path() / "run/plugins/average/snapshots/1"), "first");
  EXPECT_EQ(file_bytes(root.path() / "run/plugins/average/snapshots/2"), "second");
  EXPECT_FALSE(std::filesystem::exists(root.path() / "run/plugins/average/snapshots/3"));
}

TEST(MetricsFile, IsCutWhereACheckpointWasMade) {
  const TemporaryFolder root;
  const RunFolder run = RunFolder::create(root.path() / "run");
  MetricsFile metrics(run);
  metrics.append({{"step", 1}});
  const std::uint64_t bytes = metrics.sync();
  metrics.append({{"step", 2}});
  EXPECT_TRUE(metrics.cut(bytes));
  metrics.append({{"step", 3}});
  EXPECT_EQ(file_bytes(run.metrics_file()), "{\"step\":1}\n{\"step\":3}\n");
  EXPECT_FALSE(metrics.cut(1000));
}

TEST(RunFolder, ThatIsDiscardedLeavesNothingOfItsOwnBehind) {
  const TemporaryFolder root;
  const auto is_there = [&](const char* path) {
    return std::filesystem::exists(root.path() / path);
  };
  for (int attempt = 0; attempt < 2; ++attempt) {
    const RunFolder folder = RunFolder::create(root.path() / "new/run");
    root.write("new/run/log.txt", "a line");
    folder.discard();
    EXPECT_FALSE(is_there("new"));
  }
  RunFolder::create_under(root.path() / "runs", "digits").discard();
  EXPECT_FALSE(is_there("runs"));
}

TEST(RunFolder, ThatIsDiscardedLeavesWhatWasThereBefore) {
  const TemporaryFolder root;
  std::filesystem::create_directory(root.path() / "mine");
  RunFolder::create(root.path() / "mine").discard();
  EXPECT_TRUE(std::filesystem::is_empty(root.path() / "mine"));

  const RunFolder kept = RunFolder::create_under(root.path() / "runs", "digits");
  const RunFolder discarded = RunFolder::create_under(root.path() / "runs", "digits");
  discarded.discard();
  EXPECT_FALSE(std::filesystem::exists(discarded.path()));
  EXPECT_TRUE(std::filesystem::exists(kept.path() / "final"));
}

TEST(RunFolder, NamesTheWeightSetsItHolds) {
  const TemporaryFolder root;
  const RunFolder folder = RunFolder::create(root.path());
  EXPECT_TRUE(folder.weight_sets().empty());
  for (const char* file : {"live.safetensors", "ema.safetensors", "summary.json"}) {
    root.write(std::filesystem::path("final") / file, "");
  }
  EXPECT_EQ(folder.weight_sets(), (std::vector<std::string>{"ema", "live"}));
}

TEST(RunFolder, RefusesToOpenAFolderWithoutARecipe) {
  const TemporaryFolder root;
  error_message(ExitCode::data, [&] { RunFolder::open(root.path()); });
  root.write("recipe.json", "{}");
  EXPECT_EQ(RunFolder::open(root.path()).path(), root.path());
}

TEST(MetricsFile, WritesALineARecordAndNullForWhatJsonDoesNotHave) {
  const TemporaryFolder root;
  const RunFolder folder = RunFolder::create(root.path());
  MetricsFile metrics(folder);
  metrics.append({{"step", 1}, {"loss", 0.5}});
  metrics.append({{"step", 2}, {"loss", std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_EQ(file_bytes(root.path() / "metrics.jsonl"),
            "{\"step\":1,\"loss\":0.5}\n{\"step\":2,\"loss\":null}\n");
}

TEST(MetricsFile, ReplacesWhatIsNoUtf8InsteadOfLosingTheRecord) {
  const TemporaryFolder root;
  const RunFolder folder = RunFolder::create(root.path());
  MetricsFile(folder).append({{"name", "bad \xff byte"}});
  EXPECT_EQ(file_bytes(root.path() / "metrics.jsonl"), "{\"name\":\"bad \xef\xbf\xbd byte\"}\n");
}

}  // namespace
}  // namespace knack::host
