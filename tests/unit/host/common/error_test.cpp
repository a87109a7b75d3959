// SPDX-License-Identifier: MIT
#include "host/common/error.hpp"

#include <gtest/gtest.h>

#include "host/common/error_catalogue.hpp"

namespace knack::host {
namespace {

TEST(Error, TakesItsExitCodeFromTheAreaOfItsCode) {
  EXPECT_EQ(exit_code_of("E0101"), ExitCode::usage);
  EXPECT_EQ(exit_code_of("E0201"), ExitCode::recipe);
  EXPECT_EQ(exit_code_of("E0310"), ExitCode::recipe);
  EXPECT_EQ(exit_code_of("E0401"), ExitCode::plugin);
  EXPECT_EQ(exit_code_of("E0503"), ExitCode::data);
  EXPECT_EQ(exit_code_of("E0602"), ExitCode::training);
  EXPECT_EQ(exit_code_of("E0900"), ExitCode::unexpected);
}

TEST(Error, SaysAllAsPlainText) {
  EXPECT_STREQ(Error("E0502", "a: b; c").what(), "a: b; c");
  EXPECT_STREQ(Error("E0502", std::filesystem::path("x/y"), "b; c").what(), "x/y: b; c");
  Diagnostic diagnostic{.id = "E0310", .sentence = "a", .label = "b", .helps = {"c"}};
  diagnostic.place = SourceText("{}").place("r.json", {1, 2});
  EXPECT_STREQ(Error(ExitCode::usage, {diagnostic, diagnostic}).what(),
               "r.json:1:2: a: b; c\nr.json:1:2: a: b; c");
}

TEST(ErrorCatalogue, HasEachCodeOnceInOrder) {
  std::string_view before = "";
  for (const CatalogueEntry& entry : error_catalogue()) {
    EXPECT_LT(before, entry.id);
    before = entry.id;
  }
}

TEST(ErrorCatalogue, NamesTheNearestCode) {
  EXPECT_TRUE(error_page("e0312").starts_with("# E0312: "));
  try {
    error_page("E0329");
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(
        std::string(error.what()).starts_with("there is no error code `E0329`; did you mean `E03"))
        << error.what();
  }
}

}  // namespace
}  // namespace knack::host
