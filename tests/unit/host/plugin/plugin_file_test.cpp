// SPDX-License-Identifier: MIT
#include "host/plugin/plugin_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>

#include "tests/support/error_message.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using knack::testing::error_message;
using knack::testing::file_bytes;
using knack::testing::TemporaryFolder;
using ::testing::HasSubstr;

class PluginFileTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.write("plugins/a.so", "the first");
};

TEST_F(PluginFileTest, StaysTheFileThatWasOpened) {
  const OpenPlugin opened(file_);
  const std::string sha256 = opened.sha256();
  std::filesystem::rename(folder_.write("b.so", "another"), file_);
  EXPECT_EQ(file_bytes(opened.loader_path()), "the first");
  EXPECT_EQ(opened.sha256(), sha256);
  EXPECT_EQ(file_bytes(OpenPlugin(file_).loader_path()), "another");
}

TEST_F(PluginFileTest, HasThePathItWasGivenAndTheFolderItReallyLiesIn) {
  const std::filesystem::path link = folder_.path() / "link.so";
  std::filesystem::create_symlink(file_, link);
  const OpenPlugin opened(link);
  EXPECT_EQ(opened.path(), link);
  EXPECT_EQ(opened.folder(), file_.parent_path());
}

TEST_F(PluginFileTest, KnowsItsContentBySha256) {
  EXPECT_EQ(OpenPlugin(folder_.write("abc.so", "abc")).sha256(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(PluginFileTest, HasAStampThatEveryChangeChanges) {
  const OpenPlugin opened(file_);
  const FileStamp stamp = opened.stamp();
  EXPECT_EQ(OpenPlugin(file_).stamp(), stamp);

  const auto time = std::filesystem::last_write_time(file_);
  std::filesystem::last_write_time(file_, time + std::chrono::nanoseconds(1));
  EXPECT_NE(opened.stamp(), stamp);
  std::filesystem::last_write_time(file_, time);
  EXPECT_EQ(opened.stamp(), stamp);
  std::filesystem::resize_file(file_, 3);
  std::filesystem::last_write_time(file_, time);
  EXPECT_NE(opened.stamp(), stamp);
  std::filesystem::resize_file(file_, 9);
  std::filesystem::last_write_time(file_, time);
  EXPECT_EQ(opened.stamp(), stamp);
  ASSERT_EQ(::chmod(file_.c_str(), 0606), 0);
  EXPECT_NE(opened.stamp(), stamp);
  EXPECT_NE(OpenPlugin(folder_.write("b.so", "the first")).stamp(), stamp);
}

TEST_F(PluginFileTest, RefusesWhatIsNoFileWithoutWaiting) {
  const auto pipe = folder_.path() / "pipe.so";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto nowhere = folder_.path() / "nowhere.so";
  std::filesystem::create_symlink("none", nowhere);
  const auto refusal = [](const std::filesystem::path& path) {
    return error_message(ExitCode::plugin, [&] { OpenPlugin opened(path); });
  };
  EXPECT_THAT(refusal(pipe), HasSubstr("pipe.so: file: expected a regular file, found a special"));
  EXPECT_THAT(refusal(folder_.path()), HasSubstr("expected a regular file, found a folder; "));
  EXPECT_THAT(refusal(nowhere), HasSubstr("found No such file or directory; "));
}

TEST_F(PluginFileTest, IsNotLeftToTheProgramsThatThisOneStarts) {
  const OpenPlugin opened(file_);
  EXPECT_NE(::fcntl(opened.descriptor(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace knack::host
