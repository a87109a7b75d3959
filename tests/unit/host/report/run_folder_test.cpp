// SPDX-License-Identifier: MIT
#include "host/report/run_folder.hpp"

#include <gtest/gtest.h>

#include <limits>

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
