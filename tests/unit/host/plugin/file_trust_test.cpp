// SPDX-License-Identifier: MIT
#include "host/plugin/file_trust.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/error_message.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using knack::testing::error_message;
using knack::testing::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FileTrustTest : public ::testing::Test {
 protected:
  std::string refusal(const std::filesystem::path& file, Identity who = current_identity()) {
    return error_message(ExitCode::plugin, [&] {
      if (const auto distrust = find_distrust(OpenPlugin(file), who)) refuse(*distrust);
    });
  }

  void set_mode(const std::filesystem::path& path, mode_t mode) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.write("plugins/a.so", "");
  Identity stranger_to_group_ = {::geteuid(), ::getegid() + 1};

  void SetUp() override {
    set_mode(file_, 0644);
    set_mode(file_.parent_path(), 0755);
  }
};

TEST_F(FileTrustTest, AcceptsAFileOnlyItsOwnerCanWrite) {
  EXPECT_FALSE(find_distrust(OpenPlugin(file_)));
}

TEST_F(FileTrustTest, AcceptsAFileWritableByTheUsersOwnGroup) {
  set_mode(file_, 0664);
  set_mode(file_.parent_path(), 0775);
  EXPECT_FALSE(find_distrust(OpenPlugin(file_)));
}

TEST_F(FileTrustTest, RefusesAFileWritableByAnotherGroup) {
  set_mode(file_, 0664);
  EXPECT_EQ(refusal(file_, stranger_to_group_),
            file_.string() +
                ": mode: expected a path that no other user can write to, found mode "
                "0664 of group " +
                std::to_string(::getegid()) + "; check what it is, then run: chmod go-w '" +
                file_.string() + "' or, to use it as it is, give --trust-writable-plugins");
}

TEST_F(FileTrustTest, RefusesAFileWritableByAll) {
  set_mode(file_, 0646);
  EXPECT_THAT(refusal(file_), HasSubstr("found mode 0646"));
}

TEST_F(FileTrustTest, RefusesAFolderWritableByAllEvenWhenSticky) {
  set_mode(file_.parent_path(), 01777);
  const std::string message = refusal(file_);
  EXPECT_THAT(message, StartsWith(file_.parent_path().string() + ": mode: "));
  EXPECT_THAT(message, HasSubstr("found mode 1777"));
}

TEST_F(FileTrustTest, LooksAtTheFolderALinkLeadsTo) {
  const std::filesystem::path link = folder_.path() / "link.so";
  std::filesystem::create_symlink(file_, link);
  EXPECT_FALSE(find_distrust(OpenPlugin(link)));
  set_mode(file_.parent_path(), 0777);
  EXPECT_THAT(refusal(link), StartsWith(file_.parent_path().string() + ": mode: "));
}

TEST_F(FileTrustTest, RefusesTheFileOfAnotherUser) {
  // Files of root are trusted by everybody, so root gives this one away.
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(file_.c_str(), 12345, static_cast<gid_t>(-1)), 0);
  }
  EXPECT_THAT(refusal(file_, {54321, ::getegid()}),
              HasSubstr(": owner: expected root or user 54321, found user "));
}

TEST_F(FileTrustTest, RefusesAMissingFile) {
  EXPECT_THAT(refusal(folder_.path() / "none.so"),
              HasSubstr(": file: expected a readable shared object, found No such file or "
                        "directory; "));
}

}  // namespace
}  // namespace knack::host
