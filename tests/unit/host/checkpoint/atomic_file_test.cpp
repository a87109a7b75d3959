// SPDX-License-Identifier: MIT
#include "host/checkpoint/atomic_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "host/common/file_descriptor.hpp"
#include "tests/support/error_message.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;
using knack::testing::error_message;
using knack::testing::file_bytes;
using knack::testing::TemporaryFolder;

/// As long as it lives no file may grow beyond `bytes`: writes then stop short and fail, as they
/// do on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_limit_);
    const rlimit limit = {bytes, old_limit_.rlim_max};
    old_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_limit_);
    ::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_limit_{};
  sighandler_t old_handler_;
};

class AtomicFileTest : public ::testing::Test {
 protected:
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }

  TemporaryFolder folder_;
  fs::path place_ = folder_.path() / "weights.bin";
};

TEST_F(AtomicFileTest, ShowsTheFileOnlyWhenItIsCommitted) {
  AtomicFile file(place_);
  file.output().write("first ");
  file.output().write("second");
  EXPECT_FALSE(fs::exists(place_));
  file.commit();
  EXPECT_EQ(file_bytes(place_), "first second");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, KeepsTheOldFileWhenItIsNotCommitted) {
  write_file_atomically(place_, "old");
  {
    AtomicFile file(place_);
    file.output().write("new");
  }
  EXPECT_EQ(file_bytes(place_), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, ReplacesTheOldFile) {
  write_file_atomically(place_, "something longer");
  write_file_atomically(place_, "new");
  EXPECT_EQ(file_bytes(place_), "new");
}

TEST_F(AtomicFileTest, GivesFilesTheUsualMode) {
  const mode_t old_mask = ::umask(027);
  write_file_atomically(place_, "x");
  ::umask(old_mask);
  struct stat status{};
  ASSERT_EQ(::stat(place_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST_F(AtomicFileTest, LeavesNothingBehindWhenTheDiskIsFull) {
  write_file_atomically(place_, "old");
  const std::string content(300'000, 'x');
  std::string message;
  {
    const FileSizeLimit limit(100'000);
    message = error_message(ExitCode::data, [&] { write_file_atomically(place_, content); });
  }
  EXPECT_EQ(message, place_.string() +
                         ": cannot write it: File too large; raise the limit on "
                         "the size of files, such as `ulimit -f`");
  EXPECT_EQ(file_bytes(place_), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, RefusesAFolderThatIsNotThere) {
  const fs::path place = folder_.path() / "none/weights.bin";
  EXPECT_EQ(error_message(ExitCode::data, [&] { AtomicFile file(place); }),
            place.string() + ": cannot create a file in its folder: No such file or directory");
}

TEST_F(AtomicFileTest, ReplacesNoFolderNoPipeAndNoDevice) {
  fs::create_directory(folder_.path() / "folder");
  ASSERT_EQ(::mkfifo((folder_.path() / "pipe").c_str(), 0600), 0);
  fs::create_symlink("/dev/null", folder_.path() / "device");
  const auto refused = [&](const char* name) {
    return error_message(ExitCode::data,
                         [&] { write_file_atomically(folder_.path() / name, "x"); });
  };
  const std::string expected = ": expected a regular file or none, found a ";
  const std::string next = "; name another file";
  const std::string place = folder_.path().string();
  EXPECT_EQ(refused("folder"), place + "/folder" + expected + "folder" + next);
  EXPECT_EQ(refused("pipe"), place + "/pipe" + expected + "special file" + next);
  EXPECT_EQ(refused("device"), place + "/device" + expected + "special file" + next);
  EXPECT_EQ(files(), 3u);
}

TEST_F(AtomicFileTest, ReplacesNoLinkToAnOpenFile) {
  write_file_atomically(place_, "so far");
  const FileDescriptor file(::open(place_.c_str(), O_WRONLY | O_CLOEXEC));
  const fs::path descriptors = "/proc/self/fd";
  const std::string number = std::to_string(file.get());
  fs::create_symlink(descriptors / number, folder_.path() / "stdout");
  fs::create_symlink("stdout", folder_.path() / "link");
  fs::create_symlink(descriptors, folder_.path() / "fd");
  for (const fs::path& open : {folder_.path() / "stdout", folder_.path() / "link",
                               folder_.path() / "fd" / number, descriptors / number}) {
    EXPECT_EQ(error_message(ExitCode::data, [&] { write_file_atomically(open, "x"); }),
              open.string() +
                  ": expected a regular file or none, found a special file; name another file");
  }
  EXPECT_TRUE(fs::is_symlink(folder_.path() / "stdout"));
  EXPECT_EQ(file_bytes(place_), "so far");
  EXPECT_EQ(files(), 4u);
}

TEST_F(AtomicFileTest, ReplacesALinkToAnotherFile) {
  write_file_atomically(place_, "old");
  const fs::path link = folder_.path() / "link";
  fs::create_symlink(place_, link);
  write_file_atomically(link, "new");
  EXPECT_FALSE(fs::is_symlink(link));
  EXPECT_EQ(file_bytes(link), "new");
  EXPECT_EQ(file_bytes(place_), "old");
}

}  // namespace
}  // namespace knack::host
