// SPDX-License-Identifier: MIT
#include "host/plugin/file_trust.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

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
      const OpenPlugin opened(std::filesystem::weakly_canonical(file));
      if (const auto distrust = find_distrust(opened, file, who)) refuse(*distrust);
    });
  }

  void set_mode(const std::filesystem::path& path, mode_t mode) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.write("plugins/a.so", "");
  Identity alone_in_group_ = {::geteuid(), ::getegid(), [](uid_t, gid_t) { return true; }};
  Identity in_shared_group_ = {::geteuid(), ::getegid(), [](uid_t, gid_t) { return false; }};
  Identity stranger_to_group_ = {::geteuid(), ::getegid() + 1, [](uid_t, gid_t) { return true; }};

  void SetUp() override {
    set_mode(file_, 0644);
    set_mode(file_.parent_path(), 0755);
  }
};

TEST_F(FileTrustTest, AcceptsAFileOnlyItsOwnerCanWrite) {
  EXPECT_FALSE(find_distrust(OpenPlugin(file_), file_, in_shared_group_));
}

TEST_F(FileTrustTest, AcceptsAFileWritableByTheUsersPrivateGroup) {
  set_mode(file_, 0664);
  set_mode(file_.parent_path(), 0775);
  EXPECT_FALSE(find_distrust(OpenPlugin(file_), file_, alone_in_group_));
}

TEST_F(FileTrustTest, RefusesAFileOrFolderWritableByAGroupThatTheUserShares) {
  set_mode(file_, 0664);
  EXPECT_THAT(refusal(file_, in_shared_group_), HasSubstr("found mode 0664 of group "));
  set_mode(file_, 0644);
  set_mode(file_.parent_path(), 0775);
  EXPECT_THAT(refusal(file_, in_shared_group_), HasSubstr("found mode 0775 of group "));
}

TEST_F(FileTrustTest, RefusesAFileThatAnAccessListLetsOthersWrite) {
  // Version, then tag, permissions and id of: owner, user 12345 (rw), group, mask (rw), others.
  const std::array<std::uint32_t, 11> list = {2,          0x60001, 0xffffffff, 0x60002,
                                              12345,      0x40004, 0xffffffff, 0x60010,
                                              0xffffffff, 0x40020, 0xffffffff};
  if (::setxattr(file_.c_str(), "system.posix_acl_access", list.data(), sizeof(list), 0) != 0) {
    ASSERT_EQ(errno, ENOTSUP);  // then this file system has none
    return;
  }
  EXPECT_THAT(refusal(file_, alone_in_group_), HasSubstr("found mode 0664 of group "));
}

TEST_F(FileTrustTest, CallsAGroupPrivateThatHasTheUsersNameAndNoOtherMember) {
  std::string ada = "ada";
  std::string grace = "grace";
  std::array<char*, 3> members = {ada.data(), nullptr, nullptr};
  struct group group{};
  group.gr_name = ada.data();
  group.gr_mem = members.data();
  EXPECT_TRUE(has_only(group, "ada"));
  EXPECT_FALSE(has_only(group, "grace"));
  members[1] = grace.data();
  EXPECT_FALSE(has_only(group, "ada"));
  EXPECT_FALSE(is_private_group(::geteuid(), 4'000'000'000));
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
  EXPECT_FALSE(find_distrust(OpenPlugin(link), link));
  set_mode(file_.parent_path(), 0777);
  EXPECT_THAT(refusal(link), StartsWith(file_.parent_path().string() + ": mode: "));
}

TEST_F(FileTrustTest, LooksAtTheFolderOfEachLink) {
  const std::filesystem::path near = folder_.path() / "near";
  const std::filesystem::path far = folder_.path() / "far";
  std::filesystem::create_directories(near);
  std::filesystem::create_directories(far);
  std::filesystem::create_symlink("../far/b.so", near / "a.so");
  std::filesystem::create_symlink(file_, far / "b.so");
  EXPECT_FALSE(find_distrust(OpenPlugin(near / "a.so"), near / "a.so"));
  for (const std::filesystem::path& folder : {near, far}) {
    set_mode(folder, 01777);
    EXPECT_THAT(refusal(near / "a.so"), StartsWith(folder.string() + ": mode: "));
    set_mode(folder, 0755);
  }
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
