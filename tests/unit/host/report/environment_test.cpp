// SPDX-License-Identifier: MIT
#include "host/report/environment.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using testing::file_bytes;
using testing::TemporaryFolder;
using Json = nlohmann::ordered_json;

TEST(Environment, DescribesTheProcessAndTheMachine) {
  const Json session =
      describe_session({.step = 5, .libtorch = "9.8.7", .threads = 3, .device = "cpu"});
  EXPECT_EQ(session["step"], 5);
  EXPECT_EQ(session["libtorch"], "9.8.7");
  EXPECT_EQ(session["threads"], 3);
  EXPECT_EQ(session["device"], "cpu");
  EXPECT_TRUE(session["gpu"].is_null());
  EXPECT_NE(session["command"][0].get<std::string>().find("report_test"), std::string::npos);
  EXPECT_EQ(session["started"].get<std::string>().size(),
            std::string("2026-01-01T00:00:00Z").size());
  EXPECT_EQ(session["system"].get<std::string>().substr(0, 6), "Linux ");
  EXPECT_GE(session["cores"], 1);
  EXPECT_GT(session["memory_bytes"], 1 << 20);
}

TEST(Environment, DatesASessionByItsProcess) {  // by which the lines of a log belong to sessions
  const Json before = describe_session({});
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  EXPECT_EQ(describe_session({})["started"], before["started"]);
}

TEST(Environment, KeepsTheSessionsBefore) {
  const TemporaryFolder root;
  const RunFolder folder = RunFolder::create(root.path());
  add_session(folder, {{"step", 0}});
  add_session(folder, {{"step", 8}});
  const Json file = Json::parse(file_bytes(folder.environment_file()));
  EXPECT_EQ(file, Json({{"schema_version", 1}, {"sessions", {{{"step", 0}}, {{"step", 8}}}}}));
}

TEST(Environment, BeginsAnewWhereTheFileIsDamaged) {
  const TemporaryFolder root;
  const RunFolder folder = RunFolder::create(root.path());
  for (const char* damaged : {"", "[", "[]", R"({"sessions": 3})"}) {
    root.write("environment.json", damaged);
    add_session(folder, {{"step", 8}});
    EXPECT_EQ(Json::parse(file_bytes(folder.environment_file()))["sessions"].size(), 1u) << damaged;
  }
}

}  // namespace
}  // namespace knack::host
