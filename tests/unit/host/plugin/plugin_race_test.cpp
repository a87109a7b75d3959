// SPDX-License-Identifier: MIT
// A process that keeps swapping a plugin for an evil one while others load it with a pin.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "host/plugin/registry.hpp"
#include "tests/support/plugin_fixtures.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using knack::testing::file_bytes;
using knack::testing::fixture_file;
using knack::testing::TemporaryFolder;

namespace fs = std::filesystem;

constexpr int kLoads = 300;
constexpr int kFewLoads = 60;

enum class Way { by_link, by_rename };

/// Runs `action` in a process of its own.
template <class Action>
pid_t in_child(Action action) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::_exit(action());
  }
  return child;
}

class PluginRace : public ::testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    swapper_ = in_child([this] {
      for (unsigned i = 0;; ++i) put(i % 2 == 0 ? evil_ : good_);
      return 0;
    });
    ASSERT_GT(swapper_, 0);
  }

  void TearDown() override {
    ::kill(swapper_, SIGKILL);
    ::waitpid(swapper_, nullptr, 0);
  }

  /// Makes `place_` that file, in one step.
  void put(const fs::path& file) const {
    const int failed = GetParam() == Way::by_link ? ::symlink(file.c_str(), next_.c_str())
                                                  : ::link(file.c_str(), next_.c_str());
    if (failed != 0 || ::rename(next_.c_str(), place_.c_str()) != 0) ::_exit(1);
    ::unlink(next_.c_str());  // it stays where both names were those of one file
  }

  /// Loads what is in the folder, `count` times, each in a new process. How often it was loaded.
  int loads(const fs::path& pinned, int count) const {
    const std::string sha256 = OpenPlugin(pinned).sha256();
    int loaded = 0;
    for (int i = 0; i < count; ++i) {
      int status = 0;
      ::waitpid(in_child([&] { return load(sha256); }), &status, 0);
      EXPECT_TRUE(WIFEXITED(status));
      EXPECT_NE(WEXITSTATUS(status), 2) << "neither loaded nor refused";
      loaded += WEXITSTATUS(status) == 0;
    }
    return loaded;
  }

  int load(const std::string& sha256) const try {
    ::setenv("KNACK_TEST_MARKER", marker_.c_str(), 1);
    const PluginPolicy policy = {false, {{"trick/swapped", Pin{"swapped", sha256}}}};
    Registry({place_.parent_path()}, this_host(), policy).descriptor("trick", "swapped");
    return 0;
  } catch (const Error&) {
    return 1;
  } catch (...) {
    return 2;
  }

  TemporaryFolder folder_;
  fs::path good_ = folder_.write("good/good.so", file_bytes(fixture_file("swapped_good")));
  fs::path evil_ = folder_.write("evil/evil.so", file_bytes(fixture_file("swapped_evil")));
  fs::path place_ = folder_.write("plugins/swapped.so", file_bytes(good_));
  fs::path next_ = folder_.path() / "plugins/next";
  fs::path marker_ = folder_.path() / "marker";
  pid_t swapper_ = -1;
};

TEST_P(PluginRace, IsNeverWonByTheFileThatIsNotPinned) {
  const int loaded = loads(good_, kLoads);
  EXPECT_FALSE(fs::exists(marker_)) << "code of the evil plugin has run";
  EXPECT_GT(loaded, 0);
  EXPECT_LT(loaded, kLoads) << "nothing was swapped";
}

TEST_P(PluginRace, EndsWithTheEvilFileLoadedWhereThatIsPinned) {
  EXPECT_GT(loads(evil_, kFewLoads), 0);
  EXPECT_TRUE(fs::exists(marker_));
}

INSTANTIATE_TEST_SUITE_P(EachWay, PluginRace, ::testing::Values(Way::by_link, Way::by_rename),
                         [](const auto& test) {
                           return test.param == Way::by_link ? "ByLink" : "ByRename";
                         });

}  // namespace
}  // namespace knack::host
