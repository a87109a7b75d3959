// SPDX-License-Identifier: MIT
#include "host/recipe/difference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace knack::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Json recipe() {
  return Json::parse(R"({
    "name": "digits",
    "optimizer": {"use": "sgd", "lr": 0.1},
    "tricks": [{"use": "ema", "name": "ema", "decay": 0.9}, {"use": "accumulate", "name": "acc"}]
  })");
}

std::vector<std::string> keys(const Json& after) {
  std::vector<std::string> keys;
  for (const Difference& difference : differences(recipe(), after)) keys.push_back(difference.key);
  return keys;
}

TEST(Differences, OfEqualRecipesAreNone) {
  EXPECT_THAT(keys(recipe()), IsEmpty());
}

TEST(Differences, NameEachValueAsOneSetsIt) {
  Json after = recipe();
  after["name"] = "other";
  after["optimizer"]["lr"] = 0.2;
  after["optimizer"]["nesterov"] = true;
  after["tricks"][0]["decay"] = 0.99;
  EXPECT_THAT(keys(after),
              ElementsAre("name", "optimizer.lr", "optimizer.nesterov", "tricks[ema].decay"));
  const Difference lr = differences(recipe(), after)[1];
  EXPECT_EQ(lr.before, 0.1);
  EXPECT_EQ(lr.after, 0.2);
}

TEST(Differences, TellTricksApartByName) {
  Json after = recipe();
  after["tricks"].erase(1);
  after["tricks"].push_back({{"use", "ema"}, {"name", "slow"}});
  EXPECT_THAT(keys(after), ElementsAre("tricks[acc]", "tricks[slow]"));
  EXPECT_TRUE(differences(recipe(), after)[1].before.is_null());
}

TEST(Differences, OfTheOrderOfTricksAreOne) {
  Json after = recipe();
  std::swap(after["tricks"][0], after["tricks"][1]);
  EXPECT_THAT(keys(after), ElementsAre("tricks"));
}

TEST(Differences, InWhatIsRecordedLeaveTheTrainingAlone) {
  for (const char* key : {"checkpoint.keep", "trainer.record_every_steps", "trainer.run_root"}) {
    EXPECT_TRUE(leaves_training_alone(key)) << key;
  }
  EXPECT_FALSE(leaves_training_alone("trainer.epochs"));
}

TEST(Differences, AreWithinTheKeysAroundThem) {
  EXPECT_TRUE(is_within("optimizer.lr", "optimizer"));
  EXPECT_TRUE(is_within("optimizer.lr", "optimizer.lr"));
  EXPECT_TRUE(is_within("tricks[ema].decay", "tricks"));
  EXPECT_FALSE(is_within("optimizer.lr", "optimizer.l"));
  EXPECT_FALSE(is_within("optimizer", "optimizer.lr"));
}

}  // namespace
}  // namespace knack::host
