// SPDX-License-Identifier: MIT
// The order of tricks in a recipe matters only where two of them write the same thing, or one writes what another
// reads in the same hook. Those are:
//
// - BatchNorm statistics of one set, in eval_begin: two `precise_bn`, or `precise_bn` and a `weight_average` with
//   `refresh_bn` on the set of the average. The later one has the last word.
// - Live weights in after_step, a hook that closes and so runs in reverse: an `ema` sees what the tricks after it in
//   the recipe left.
// - What flows through a step: inputs, targets, outputs and loss (loop_replies_test.cpp).
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/integration/workbench.hpp"

namespace knack::testing {
namespace {

Json precise_bn(int samples) {
  return {{"use", "precise_bn"}, {"samples", samples}};
}

Json weight_average(bool refresh_bn) {
  return {{"use", "weight_average"}, {"best", 2}, {"refresh_bn", refresh_bn}};
}

/// Dropout draws from the stream of random numbers that no trick may shift.
TrainedRun train(Workbench& bench, const std::vector<Json>& tricks) {
  Json recipe = small_recipe();
  recipe["model"]["dropout"] = 0.1;
  recipe["trainer"]["epochs"] = 3;
  recipe["tricks"] = tricks;
  return bench.train(recipe, {"--plugin-path", KNACK_PLUGIN_FIXTURES "/read_only_trick",
                              "--plugin-path", KNACK_EXAMPLES});
}

bool same_tensors(const TrainedRun& run, const TrainedRun& other, const char* set) {
  return read_tensors(run.weights(set)) == read_tensors(other.weights(set));
}

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}

  template <typename Choice>
  Choice one_of(const std::vector<Choice>& choices) {
    return choices[random_() % choices.size()];
  }
  bool toss() {
    return one_of<int>({0, 1}) == 1;
  }
  /// Another order of `tricks`, of which there are at least two.
  std::vector<Json> shuffled(std::vector<Json> tricks) {
    const std::vector<Json> before = tricks;
    while (tricks == before) std::shuffle(tricks.begin(), tricks.end(), random_);
    return tricks;
  }

 private:
  std::mt19937 random_;
};

/// At least two tricks, no two of which write the same thing: either averages are refreshed, or `precise_bn` measures
/// them.
std::vector<Json> random_tricks(Dice& dice) {
  const bool refresh_bn = dice.toss();
  Json precise = precise_bn(dice.one_of<int>({100, 200, 500}));
  if (refresh_bn) precise["sets"] = {"live", "ema", "fast", "best", "soup_best"};
  Json average = weight_average(refresh_bn);
  average["select"] = dice.one_of<const char*>({"best", "last", "greedy", "swa"});
  Json soup = weight_average(refresh_bn);
  soup.update(
      {{"name", "soup"}, {"publish", "soup"}, {"of", dice.one_of<const char*>({"live", "ema"})}});
  const Json ema = {{"use", "ema"}, {"decay", 0.9}};
  const Json fast = {{"use", "ema"}, {"name", "fast"},    {"publish", "fast"},
                     {"decay", 0.5}, {"buffers", "copy"}, {"every", 2}};
  const Json window = {{"use", "accumulate"}, {"batches", dice.one_of<int>({2, 3})}};
  const std::vector<Json> others = {
      {{"use", "no_weight_decay"}}, {{"use", "read_only_trick"}}, window, fast, precise, average};
  std::vector<Json> tricks = {ema, soup};  // `soup` may be an average of `ema`
  for (const Json& trick : others) {
    if (dice.toss()) tricks.push_back(trick);
  }
  return tricks;
}

std::string order_of(const std::vector<Json>& tricks) {
  std::string text;
  for (const Json& trick : tricks) text += trick.dump() + "\n";
  return text;
}

/// By the name of the set; the order of the sets is that in which they were published.
nlohmann::json metrics_of_sets(const TrainedRun& run) {
  return nlohmann::json::parse(run.summary()["sets"].dump());
}

/// The parameter is the seed of the tricks and of their orders.
class RandomOrder : public ::testing::TestWithParam<unsigned> {};

TEST_P(RandomOrder, OfTricksThatDoNotConflictGivesTheSameBits) {
  Dice dice(GetParam());
  const std::vector<Json> tricks = random_tricks(dice);
  const std::vector<Json> shuffled = dice.shuffled(tricks);
  SCOPED_TRACE("seed " + std::to_string(GetParam()) + ", order\n" + order_of(tricks) + "and\n" +
               order_of(shuffled));
  Workbench bench;
  const TrainedRun run = train(bench, tricks);
  const TrainedRun other = train(bench, shuffled);
  expect_same_weights(run, other);
  EXPECT_EQ(metrics_of_sets(run), metrics_of_sets(other));
  EXPECT_GE(set_names(run).size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(OfSeed, RandomOrder, ::testing::Range(1U, 25U));

TEST(TrickOrder, OfPreciseBatchNormAndARefreshedAverageDecidesByTheLater) {
  Workbench bench;
  const TrainedRun refresh_later = train(bench, {precise_bn(100), weight_average(true)});
  const TrainedRun precise_later = train(bench, {weight_average(true), precise_bn(100)});
  Json others_only = precise_bn(100);
  others_only["sets"] = {"live", "best"};
  expect_same_weights(refresh_later, train(bench, {weight_average(true), others_only}));
  expect_same_weights(precise_later, train(bench, {precise_bn(100), weight_average(false)}));
  EXPECT_FALSE(same_tensors(refresh_later, precise_later, "average"));
  for (const char* set : {"live", "best"}) {
    EXPECT_TRUE(same_tensors(refresh_later, precise_later, set)) << set;
  }
}

TEST(TrickOrder, OfTwoPreciseBatchNormsDecidesByTheLater) {
  Workbench bench;
  Json fewer = precise_bn(50);
  fewer["name"] = "fewer";
  const TrainedRun few = train(bench, {precise_bn(50)});
  const TrainedRun many = train(bench, {precise_bn(200)});
  expect_same_weights(train(bench, {precise_bn(200), fewer}), few);
  expect_same_weights(train(bench, {fewer, precise_bn(200)}), many);
  EXPECT_FALSE(same_tensors(few, many, "live"));
}

TEST(TrickOrder, OfAnAverageAndAWriterOfLiveWeightsDecidesWhatIsAveraged) {
  Workbench bench;
  const Json last = {{"use", "ema"}, {"decay", 0}, {"schedule", "constant"}};
  const Json lookahead = {{"use", "acme.lookahead"}, {"every", 3}};  // writes at step 21, the last
  const TrainedRun writer_later = train(bench, {last, lookahead});
  const TrainedRun writer_first = train(bench, {lookahead, last});
  EXPECT_TRUE(same_tensors(writer_later, writer_first, "live"));
  EXPECT_EQ(read_tensors(writer_later.weights("ema")), read_tensors(writer_later.weights("live")));
  EXPECT_NE(read_tensors(writer_first.weights("ema")), read_tensors(writer_first.weights("live")));
}

}  // namespace
}  // namespace knack::testing
