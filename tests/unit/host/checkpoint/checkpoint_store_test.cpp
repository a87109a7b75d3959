// SPDX-License-Identifier: MIT
#include "host/checkpoint/checkpoint_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "host/common/error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;
using knack::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class CheckpointStoreTest : public ::testing::Test {
 protected:
  fs::path write(std::int64_t step, bool is_best = false) {
    return store_.write(step, 1, is_best, [&](const fs::path& folder) {
      std::ofstream(folder / "state.json") << "state at " << step;
    });
  }

  /// Everything in the store's folder, hidden things included.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path() / "checkpoints")) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  fs::path target(const char* link) const {
    return fs::read_symlink(folder_.path() / "checkpoints" / link);
  }

  std::optional<CheckpointStore::Verified> newest() {
    problems_.clear();
    return store_.newest([&](const std::string& problem) { problems_.push_back(problem); });
  }

  TemporaryFolder folder_;
  CheckpointStore store_{folder_.path() / "checkpoints", 2};
  std::vector<std::string> problems_;
};

TEST_F(CheckpointStoreTest, HasNoneInTheBeginning) {
  EXPECT_EQ(newest(), std::nullopt);
  EXPECT_TRUE(store_.list().empty());
}

TEST_F(CheckpointStoreTest, KeepsTheNewestTheBestAndNothingElse) {
  for (std::int64_t step = 10; step <= 60; step += 10) write(step, step == 20);
  EXPECT_THAT(names(),
              UnorderedElementsAre("0002-step-20", "0005-step-50", "0006-step-60", "last", "best"));
  EXPECT_EQ(target("last"), "0006-step-60");
  EXPECT_EQ(target("best"), "0002-step-20");
  write(70, true);
  EXPECT_THAT(names(), UnorderedElementsAre("0006-step-60", "0007-step-70", "last", "best"));
}

TEST_F(CheckpointStoreTest, ReturnsTheNewestWithItsManifest) {
  write(10);
  const fs::path second = write(10);
  const auto found = newest();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->path, second);
  EXPECT_EQ(found->manifest.step, 10);
  EXPECT_EQ(found->manifest.epoch, 1);
  EXPECT_THAT(problems_, ElementsAre());
}

TEST_F(CheckpointStoreTest, OrdersByNumberAndNotByText) {
  for (const char* name : {"9999-step-5", "10000-step-6"}) {
    fs::create_directories(folder_.path() / "checkpoints" / name);
  }
  EXPECT_EQ(store_.list().front().number, 10000);
  EXPECT_EQ(write(7).filename(), "10001-step-7");
}

TEST_F(CheckpointStoreTest, PassesOverDamagedOnesAndSaysSo) {
  const fs::path first = write(10);
  const fs::path second = write(20);
  fs::resize_file(second / "state.json", 3);
  const auto found = newest();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->path, first);
  EXPECT_THAT(problems_, ElementsAre(HasSubstr((second / "state.json").string())));
}

TEST_F(CheckpointStoreTest, RefusesWhenAllAreDamaged) {
  for (const std::int64_t step : {10, 20}) fs::remove(write(step) / "manifest.json");
  try {
    newest();
    FAIL() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::data);
    EXPECT_THAT(error.what(), HasSubstr("expected at least one undamaged checkpoint, found none"));
    EXPECT_THAT(error.what(), HasSubstr("0001-step-10"));
  }
}

TEST_F(CheckpointStoreTest, WritesAfterADamagedOneUnderANewNumber) {
  write(10);
  fs::remove(write(20) / "manifest.json");
  EXPECT_EQ(write(20).filename(), "0003-step-20");
}

TEST_F(CheckpointStoreTest, LeavesAllAsItWasWhenWritingFails) {
  const fs::path first = write(10);
  EXPECT_THROW(store_.write(20, 1, true,
                            [](const fs::path& folder) {
                              std::ofstream(folder / "half") << "half";
                              throw Error("E0503", "the disk is full");
                            }),
               Error);
  EXPECT_THAT(names(), UnorderedElementsAre("0001-step-10", "last"));
  EXPECT_EQ(newest()->path, first);
}

TEST_F(CheckpointStoreTest, CleansUpAfterAProcessThatWasKilled) {
  write(10);
  folder_.write("checkpoints/.0002-step-20.123.0.tmp/state.json", "half");
  folder_.write("checkpoints/.hidden", "somebody else's");
  EXPECT_EQ(newest()->manifest.step, 10);
  store_.clean();
  EXPECT_THAT(names(), UnorderedElementsAre("0001-step-10", "last", ".hidden"));
}

TEST_F(CheckpointStoreTest, KnowsFilesThatSeveralCheckpointsShare) {
  folder_.write("snapshot", "shared");
  const auto write_with_link = [&] {
    return store_.write(1, 1, false, [&](const fs::path& folder) {
      fs::create_hard_link(folder_.path() / "snapshot", folder / "snapshot");
    });
  };
  write_with_link();
  const fs::path second = write_with_link();
  EXPECT_EQ(verify_checkpoint(second).files.at("snapshot").bytes, 6u);
  // Another content under the same name is another file.
  fs::remove(folder_.path() / "snapshot");
  folder_.write("snapshot", "change");
  EXPECT_NO_THROW(verify_checkpoint(write_with_link()));
}

}  // namespace
}  // namespace knack::host
