// SPDX-License-Identifier: MIT
#include "host/plugin/search_path.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <optional>

#include "tests/support/error_message.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;
using knack::testing::error_message;
using knack::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<fs::path> real_files(const std::vector<ListedFile>& listed) {
  std::vector<fs::path> files;
  for (const ListedFile& file : listed) files.push_back(file.real);
  return files;
}

class SearchPathTest : public ::testing::Test {
 protected:
  fs::path folder(const std::string& name) {
    fs::create_directories(root_.path() / name);
    return root_.path() / name;
  }

  TemporaryFolder root_;
};

/// Sets an environment variable and puts the old value back.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = ::getenv(name)) old_ = old;
    value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
  }
  ~Variable() {
    old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_);
  }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

TEST_F(SearchPathTest, KeepsTheOrderRecipeCommandLineEnvironmentUserInstall) {
  SearchPlaces places;
  places.recipe = {folder("z")};
  places.command_line = {folder("y")};
  places.environment = folder("x").string() + ":" + folder("w").string();
  places.user = folder("v");
  places.install = folder("u");
  EXPECT_THAT(search_folders(places), ElementsAre(folder("z"), folder("y"), folder("x"),
                                                  folder("w"), folder("v"), folder("u")));
}

TEST_F(SearchPathTest, NamesAFolderOnceHoweverItIsSpelled) {
  fs::create_directory_symlink(folder("a"), root_.path() / "link");
  SearchPlaces places;
  places.recipe = {folder("a")};
  places.environment = (root_.path() / "link").string() + ":" + (folder("a") / "../a").string();
  EXPECT_THAT(search_folders(places), ElementsAre(folder("a")));
}

TEST_F(SearchPathTest, PassesOverMissingPlacesThatNobodyAskedFor) {
  SearchPlaces places;
  places.environment = "::" + (root_.path() / "none").string() + ":";
  places.user = root_.path() / "none";
  places.install = root_.path() / "none";
  EXPECT_THAT(search_folders(places), IsEmpty());
}

TEST_F(SearchPathTest, RefusesAMissingPlaceOfTheRecipe) {
  SearchPlaces places;
  places.recipe = {root_.path() / "none"};
  EXPECT_EQ(error_message(ExitCode::plugin, [&] { search_folders(places); }),
            (root_.path() / "none").string() +
                ": plugins.path: expected a folder or a .so file, found No such file or "
                "directory; correct this path");
}

TEST_F(SearchPathTest, RefusesAMissingPlaceOfTheCommandLine) {
  SearchPlaces places;
  places.command_line = {root_.path() / "none"};
  EXPECT_EQ(error_message(ExitCode::plugin, [&] { search_folders(places); }),
            (root_.path() / "none").string() +
                ": --plugin-path: expected a folder or a .so file, found No such file or "
                "directory; correct this path");
}

TEST_F(SearchPathTest, ListsSharedObjectsSortedWithinEachFolder) {
  root_.write("b/2.so", "");
  root_.write("b/1.so", "");
  root_.write("b/notes.txt", "");
  root_.write("b/deeper/3.so", "");
  root_.write("a/0.so", "");
  EXPECT_THAT(real_files(list_plugin_files({folder("b"), folder("a")})),
              ElementsAre(folder("b") / "1.so", folder("b") / "2.so", folder("a") / "0.so"));
}

TEST_F(SearchPathTest, ListsAFileNamedDirectlyAndEachFileOnce) {
  const fs::path file = root_.write("a/1.so", "");
  root_.write("a/0.so", "");
  fs::create_directories(root_.path() / "b");
  fs::create_symlink(file, root_.path() / "b/other_name.so");
  EXPECT_THAT(real_files(list_plugin_files({file, folder("b"), folder("a")})),
              ElementsAre(file, folder("a") / "0.so"));
}

TEST_F(SearchPathTest, ListsALinkThatLeadsNowhere) {
  fs::create_symlink(root_.path() / "none", folder("a") / "gone.so");
  EXPECT_THAT(real_files(list_plugin_files({folder("a")})), ElementsAre(folder("a") / "gone.so"));
}

TEST_F(SearchPathTest, TellsWhereALinkStandsAndKeepsAPlaceThatIsOne) {
  const fs::path file = root_.write("a/1.so", "");
  const fs::path link = folder("b") / "link.so";
  fs::create_symlink(file, link);
  fs::create_directory_symlink(folder("b"), root_.path() / "b_link");
  SearchPlaces places;
  places.recipe = {root_.path() / "b_link"};
  places.command_line = {root_.path() / "b_link" / "link.so"};
  EXPECT_THAT(search_folders(places), ElementsAre(folder("b"), link));
  const std::vector<ListedFile> listed = list_plugin_files({folder("b")});
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].place, link);
  EXPECT_EQ(listed[0].real, file);
}

TEST_F(SearchPathTest, FindsTheUsersFolderAsTheXdgSpecificationSays) {
  const Variable home("HOME", "/home/ada");
  {
    const Variable data("XDG_DATA_HOME", "/data");
    EXPECT_EQ(user_plugin_folder(), "/data/knack/plugins");
  }
  {
    const Variable data("XDG_DATA_HOME", "relative/is/ignored");
    EXPECT_EQ(user_plugin_folder(), "/home/ada/.local/share/knack/plugins");
  }
  const Variable data("XDG_DATA_HOME", nullptr);
  EXPECT_EQ(user_plugin_folder(), "/home/ada/.local/share/knack/plugins");
  const Variable nowhere("HOME", nullptr);
  EXPECT_EQ(user_plugin_folder(), "");
}

}  // namespace
}  // namespace knack::host
