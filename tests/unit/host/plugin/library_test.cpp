// SPDX-License-Identifier: MIT
// Which file is loaded, and which is not.
#include "host/plugin/library.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/support/error_message.hpp"
#include "tests/support/plugin_fixtures.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using knack::testing::error_message;
using knack::testing::file_bytes;
using knack::testing::fixture_file;
using knack::testing::fixture_folder;
using knack::testing::fixture_registry;
using knack::testing::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace fs = std::filesystem;

constexpr const char* kMarker = "KNACK_TEST_MARKER";
constexpr const char* kId = "trick/swapped";
const std::string kOtherSha256(64, '0');

PluginPolicy pinned_to(const std::string& sha256) {
  return {false, {{kId, Pin{"swapped", sha256}}}};
}

class LibraryTest : public ::testing::Test {
 protected:
  LibraryTest() {
    ::setenv(kMarker, marker_.c_str(), 1);
  }
  ~LibraryTest() override {
    ::unsetenv(kMarker);
  }

  /// A new copy of a fixture, which no test has loaded.
  fs::path copy(const std::string& fixture, const std::string& name = "swapped.so") const {
    return folder_.write("plugins/" + name, file_bytes(fixture_file(fixture)));
  }

  std::string refusal(const Registry& registry) const {
    return error_message(ExitCode::plugin, [&] { registry.descriptor("trick", "swapped"); });
  }

  bool was_evil_loaded() const {
    return fs::exists(marker_);
  }

  TemporaryFolder folder_;
  fs::path marker_ = folder_.path() / "marker";
};

TEST_F(LibraryTest, IsLoadedWhenNothingIsPinned) {
  const Registry registry({copy("swapped_evil")}, this_host());
  EXPECT_FALSE(was_evil_loaded()) << "looked at is not loaded";
  registry.descriptor("trick", "swapped");
  EXPECT_TRUE(was_evil_loaded()) << "or the other tests would prove nothing";
}

TEST_F(LibraryTest, IsLoadedWhenItIsWhatIsPinned) {
  const fs::path file = copy("swapped_good");
  const std::string sha256 = OpenPlugin(file).sha256();
  const Registry registry({file}, this_host(), pinned_to(sha256));
  EXPECT_STREQ(registry.descriptor("trick", "swapped").id, "swapped");
  EXPECT_EQ(sha256_of(registry.files()[0].checked), sha256);
}

TEST_F(LibraryTest, IsNotLoadedWhenAnotherIsPinned) {
  const fs::path file = copy("swapped_evil");
  const std::string sha256 = OpenPlugin(file).sha256();
  const Registry registry({file}, this_host(), pinned_to(kOtherSha256));
  EXPECT_EQ(refusal(registry),
            file.string() + ": sha256: expected " + kOtherSha256 +
                ", to which `swapped` is pinned, found " + sha256 +
                "; find out why it is another file; if it is a good one, run: knack plugins lock "
                "RECIPE");
  EXPECT_EQ(refusal(registry), refusal(registry)) << "nor when it is asked for again";
  EXPECT_FALSE(was_evil_loaded());
}

TEST_F(LibraryTest, MustFitEveryPinOfAllItProvides) {
  const fs::path file = copy("swapped_evil");
  PluginPolicy policy = pinned_to(OpenPlugin(file).sha256());
  policy.pins.emplace(kId, Pin{kId, kOtherSha256});
  EXPECT_THAT(refusal(Registry({file}, this_host(), policy)), HasSubstr("`trick/swapped`"));
  EXPECT_FALSE(was_evil_loaded());
}

TEST_F(LibraryTest, MustFitThePinsOfARecipeThatIsReadWhenItIsLoadedAlready) {
  const fs::path file = copy("swapped_good");
  Registry({file}, this_host()).descriptor("trick", "swapped");
  EXPECT_THAT(refusal(Registry({file}, this_host(), pinned_to(kOtherSha256))),
              HasSubstr(": sha256: expected "));
}

TEST_F(LibraryTest, IsNotLoadedWhenAnotherFileHasTakenItsPlace) {
  const fs::path file = copy("swapped_good");
  const Registry registry({file}, this_host());
  fs::rename(copy("swapped_evil", "other.so"), file);
  EXPECT_EQ(refusal(registry),
            file.string() +
                ": file: expected the file that was checked, found one that was changed or "
                "replaced since then; find out who did that, and start knack again");
  EXPECT_FALSE(was_evil_loaded());
}

TEST_F(LibraryTest, IsNotLoadedWhenItWasWrittenOverInPlace) {
  const fs::path file = copy("swapped_good");
  const Registry registry({file}, this_host());
  copy("swapped_evil");
  EXPECT_THAT(refusal(registry), HasSubstr("one that was changed or replaced"));
  EXPECT_FALSE(was_evil_loaded());
}

TEST_F(LibraryTest, IsNotLoadedWhenOthersHaveBeenLetWriteToIt) {
  const fs::path file = copy("swapped_evil");
  const Registry registry({file}, this_host());
  ASSERT_EQ(::chmod(file.c_str(), 0666), 0);
  EXPECT_THAT(refusal(registry), HasSubstr("one that was changed or replaced"));
  EXPECT_FALSE(was_evil_loaded());
}

TEST_F(LibraryTest, IsNotLoadedWhenItHasGone) {
  const fs::path file = copy("swapped_evil");
  const Registry registry({file}, this_host());
  fs::remove(file);
  EXPECT_THAT(refusal(registry), HasSubstr("found No such file or directory"));
}

TEST_F(LibraryTest, IsOneHoweverManyPathsLeadToIt) {
  const fs::path file = copy("swapped_good");
  const fs::path other = folder_.path() / "plugins/other.so";
  fs::create_hard_link(file, other);
  const Registry first({file}, this_host());
  const Registry second({other}, this_host());
  EXPECT_EQ(&first.descriptor("trick", "swapped"), &second.descriptor("trick", "swapped"));
}

TEST_F(LibraryTest, IsAnotherOneWhenTheFileIs) {
  const Registry first({copy("swapped_good")}, this_host());
  const Registry second({copy("swapped_good", "other.so")}, this_host());
  EXPECT_NE(&first.descriptor("trick", "swapped"), &second.descriptor("trick", "swapped"));
}

TEST_F(LibraryTest, IsNamedByItsPathWhenItDoesNotLoad) {
  EXPECT_EQ(
      error_message(
          ExitCode::plugin,
          [] { fixture_registry("undefined_symbol").descriptor("trick", "undefined_symbol"); }),
      fixture_file("undefined_symbol") +
          ": dlopen: expected a library that loads, found 'undefined symbol: "
          "knack_fixture_function_of_nobody'; install what it needs or rebuild the plugin");
}

TEST_F(LibraryTest, IsToldWhyItFindsNothingBesideItself) {
  const std::string message = error_message(ExitCode::plugin, [] {
    fixture_registry("needs_neighbour").descriptor("trick", "needs_neighbour");
  });
  EXPECT_THAT(message,
              StartsWith(fixture_file("needs_neighbour") +
                         ": dlopen: expected a library that loads, found 'libneighbour.so: "));
  EXPECT_THAT(message, HasSubstr("; its RUNPATH '$ORIGIN/libraries' has no effect, as $ORIGIN "));
}

TEST_F(LibraryTest, IsUsedAlthoughOthersCanWriteToItWhenTheUserSaysSo) {
  const fs::path file = copy("swapped_good");
  ASSERT_EQ(::chmod(file.c_str(), 0666), 0);
  const Registry strict({file}, this_host());
  EXPECT_THAT(strict.files()[0].refusal, HasSubstr("or, to use it as it is, give --trust-"));
  const Registry registry({file}, this_host(), {true, {}});
  EXPECT_TRUE(registry.files()[0].is_usable());
  EXPECT_THAT(registry.files()[0].warning,
              AllOf(StartsWith(file.string() + ": mode: expected a path that no other user"),
                    HasSubstr("; used nevertheless, because of --trust-writable-plugins")));
  registry.descriptor("trick", "swapped");
}

}  // namespace
}  // namespace knack::host
