// SPDX-License-Identifier: MIT
#include "host/report/event_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/report/event_encoding.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using ::testing::ElementsAre;
using testing::file_bytes;
using ::testing::Pair;
using testing::TemporaryFolder;

std::string ascending(int first, int step) {
  std::string bytes;
  for (int i = 0; i < 32; ++i) bytes.push_back(static_cast<char>(first + step * i));
  return bytes;
}

TEST(Crc32c, IsThatOfRfc3720) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a91'36aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8'ab43u);
  EXPECT_EQ(crc32c(ascending(0, 1)), 0x46dd'794eu);
  EXPECT_EQ(crc32c(ascending(31, -1)), 0x113f'db5cu);
  EXPECT_EQ(crc32c("123456789"), 0xe306'9283u);
}

TEST(ProtoMessage, IsWrittenAsTheFormatsDocumentationShows) {
  EXPECT_EQ(ProtoMessage().integer(1, 150).bytes(), "\x08\x96\x01");
  EXPECT_EQ(ProtoMessage().text(2, "testing").bytes(), "\x12\x07testing");
  EXPECT_EQ(ProtoMessage().message(3, ProtoMessage().integer(1, 150)).bytes(),
            "\x1a\x03\x08\x96\x01");
  EXPECT_EQ(ProtoMessage().integer(1, -2).bytes(), "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  EXPECT_EQ(ProtoMessage().real(1, 1.0).bytes(), std::string("\x09\0\0\0\0\0\0\xf0\x3f", 9));
  EXPECT_EQ(ProtoMessage().real(2, 1.0f).bytes(), std::string("\x15\0\0\x80\x3f", 5));
}

TEST(ScalarsOf, NamesNumbersBySplitAndSet) {
  EXPECT_THAT(scalars_of({{"step", 7},
                          {"epoch", 1},
                          {"samples", 70},
                          {"split", "valid"},
                          {"weights", "slow"},
                          {"loss", 0.5},
                          {"top1", 1}},
                         50),
              ElementsAre(Pair("valid/loss/slow", 0.5), Pair("valid/top1/slow", 1.0)));
}

TEST(ScalarsOf, KeepsTheLastEvaluationApart) {
  EXPECT_THAT(
      scalars_of(
          {{"step", 7}, {"split", "test"}, {"weights", "live"}, {"final", true}, {"loss", 0.5}},
          50),
      ElementsAre(Pair("final/test/loss/live", 0.5)));
}

TEST(ScalarsOf, GivesTheRateAndTheGradientOfAStepOnce) {
  nlohmann::ordered_json line = {{"step", 100},  {"split", "train"},   {"weights", "live"},
                                 {"loss", 0.5},  {"lr", 0.1},          {"grad_norm", 3.0},
                                 {"seconds", 2}, {"slow.seconds", 0.1}};
  const auto seconds = Pair("train/seconds/live", 2.0);
  const auto time = Pair("time/slow", 0.1);
  const auto loss = Pair("train/loss/live", 0.5);
  EXPECT_THAT(scalars_of(line, 50), ElementsAre(loss, seconds, time));
  for (const std::int64_t every : {0, 30}) {
    EXPECT_THAT(scalars_of(line, every),
                ElementsAre(loss, Pair("lr", 0.1), Pair("grad_norm", 3.0), seconds, time));
  }
  line["split"] = "step";
  EXPECT_THAT(scalars_of(line, 50), ::testing::Contains(Pair("lr", 0.1)));
}

TEST(ScalarsOf, KeepsWhatIsNoNumber) {
  const Scalars scalars =
      scalars_of({{"step", 7}, {"split", "valid"}, {"weights", "live"}, {"loss", nullptr}}, 50);
  ASSERT_EQ(scalars.size(), 1u);
  EXPECT_TRUE(std::isnan(scalars.front().second));
}

TEST(EventFile, GoesOnWithItsFirstBytesOnly) {
  const TemporaryFolder root;
  const RunFolder folder = RunFolder::create(root.path());
  EventFile events(folder);
  events.add_scalars(1, {{"loss", 0.5}});
  const std::uint64_t bytes = events.sync();
  const std::string kept = file_bytes(events.path());
  EXPECT_EQ(kept.size(), bytes);
  events.add_scalars(2, {{"loss", 0.4}});
  const std::string name = events.path().filename();

  ASSERT_TRUE(EventFile::go_on(folder, name, bytes).has_value());
  EXPECT_EQ(file_bytes(events.path()), kept);
  EXPECT_FALSE(EventFile::go_on(folder, name, bytes + 1).has_value());
  EXPECT_FALSE(EventFile::go_on(folder, "events.out.tfevents.gone", 0).has_value());
  EXPECT_FALSE(EventFile::go_on(folder, "recipe.json", 0).has_value());
}

// A checkpoint names the file, and is not trusted.
TEST(EventFile, StaysInItsFolder) {
  const TemporaryFolder root;
  root.write("outside", "kept");
  root.write("events.out.tfevents.outside", "kept");
  const RunFolder folder = RunFolder::create(root.path() / "run");
  std::filesystem::create_directory(root.path() / "run" / "events.out.tfevents.x");
  std::filesystem::create_symlink(root.path() / "outside",
                                  root.path() / "run" / "events.out.tfevents.link");
  for (const char* name :
       {"events.out.tfevents.x/../../outside", "events.out.tfevents.link",
        "events.out.tfevents.x/../../events.out.tfevents.outside", "events.out.tfevents.x"}) {
    EXPECT_FALSE(EventFile::go_on(folder, name, 1).has_value()) << name;
  }
  EXPECT_EQ(file_bytes(root.path() / "outside"), "kept");
  EXPECT_EQ(file_bytes(root.path() / "events.out.tfevents.outside"), "kept");
}

}  // namespace
}  // namespace knack::host
