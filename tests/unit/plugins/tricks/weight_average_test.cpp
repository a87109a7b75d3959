// SPDX-License-Identifier: MIT
// The saved state of `weight_average`. What it averages is compared with PyTorch in tests/parity.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "averaging_fit.hpp"
#include "tests/support/error_message.hpp"

namespace knack::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Options = host::Value::Map;

class WeightAverage : public ::testing::Test {
 protected:
  AveragingFit begin(const char* select, std::int64_t best = 2) {
    return {"weight_average",
            Options{{"select", select}, {"best", best}, {"start", 0.1}, {"refresh_bn", false}},
            {averaged_tensor("weight", at::kFloat), averaged_tensor("count", at::kLong, true)},
            folder_.path()};
  }

  std::vector<std::string> snapshot_files() const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(folder_.path() / "snapshots")) {
      names.push_back(file.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  TemporaryFolder folder_;
};

bool are_equal(const std::vector<at::Tensor>& found, const std::vector<at::Tensor>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!at::equal(found[i], expected[i])) return false;
  }
  return found.size() == expected.size();
}

/// Worse in the epochs 3 and 4, so that what is kept from before decides.
double monitored(std::int64_t epoch) {
  return epoch < 3 ? 0.9 : 0.5 + 0.01 * static_cast<double>(epoch);
}

TEST_F(WeightAverage, GoesOnBitForBitFromItsSavedState) {
  for (const char* select : {"best", "last", "swa"}) {
    AveragingFit straight = begin(select);
    for (std::int64_t epoch = 1; epoch <= 5; ++epoch) straight.epoch(epoch, monitored(epoch));
    straight.call(host::Hook::fit_end);

    AveragingFit first = begin(select);
    for (std::int64_t epoch = 1; epoch <= 3; ++epoch) first.epoch(epoch, monitored(epoch));
    AveragingFit resumed = begin(select);
    AveragingFit forgetful = begin(select);
    resumed.resume(first, first.trick().save_state());
    for (std::int64_t epoch = 4; epoch <= 5; ++epoch) {
      resumed.epoch(epoch, monitored(epoch));
      forgetful.epoch(epoch, monitored(epoch));
    }
    resumed.call(host::Hook::fit_end);
    forgetful.call(host::Hook::fit_end);
    EXPECT_TRUE(are_equal(resumed.tensors("average"), straight.tensors("average"))) << select;
    const bool looks_back = std::string_view(select) != "last";
    EXPECT_EQ(are_equal(forgetful.tensors("average"), straight.tensors("average")), !looks_back);
  }
}

/// The live weights after that epoch.
std::vector<at::Tensor> weights_of(AveragingFit& fit, std::int64_t epoch) {
  fit.step(epoch);
  return fit.tensors("live");
}

TEST_F(WeightAverage, TrimsWhatItKeepsWhenTheRunGoesOnWithASmallerBest) {
  struct Case {
    const char* select;
    std::vector<std::string> resumed, finished;
    std::int64_t averaged;
  };
  for (const Case& expected :
       {Case{"best", {"epoch-1"}, {"epoch-5"}, 5}, Case{"last", {"epoch-4"}, {"epoch-5"}, 5}}) {
    AveragingFit first = begin(expected.select, 3);
    for (std::int64_t epoch = 1; epoch <= 4; ++epoch) first.epoch(epoch, monitored(epoch));
    EXPECT_THAT(snapshot_files(), SizeIs(3));
    AveragingFit resumed = begin(expected.select, 1);
    resumed.resume(first, first.trick().save_state());
    EXPECT_EQ(snapshot_files(), expected.resumed);
    resumed.epoch(5, 0.95);
    EXPECT_EQ(snapshot_files(), expected.finished);
    resumed.call(host::Hook::fit_end);
    EXPECT_TRUE(are_equal(resumed.tensors("average"), weights_of(resumed, expected.averaged)));
    std::filesystem::remove_all(folder_.path() / "snapshots");
  }
}

TEST_F(WeightAverage, LeavesOutEpochsThatAreNotFiniteWhenTheRunGoesOnWithTheBest) {
  AveragingFit first = begin("last");
  first.epoch(1, 0.5);
  first.epoch(2, std::nan(""));
  AveragingFit resumed = begin("best");
  resumed.resume(first, first.trick().save_state());
  EXPECT_THAT(snapshot_files(), ElementsAre("epoch-1"));
}

TEST_F(WeightAverage, HasNoAverageWhenTheRunGoesOnWithAnotherSelectionAndNoEpoch) {
  for (const auto& [before, now] : {std::pair{"best", "swa"}, std::pair{"swa", "best"}}) {
    AveragingFit first = begin(before);
    first.epoch(2, 0.5);
    AveragingFit resumed = begin(now);
    resumed.resume(first, first.trick().save_state());
    resumed.call(host::Hook::fit_end);
    EXPECT_EQ(resumed.weights().find("average"), nullptr) << now;
  }
}

TEST_F(WeightAverage, SwaGoesOnWithThePlanThatItBeganWith) {
  // From epoch 2 of 10 on, or from epoch 4 of 30.
  AveragingFit straight = begin("swa");
  for (std::int64_t epoch = 1; epoch <= 5; ++epoch) straight.epoch(epoch, 0.5);
  straight.call(host::Hook::fit_end);

  for (const bool is_old_state : {false, true}) {
    AveragingFit first = begin("swa");
    first.epoch(1, 0.5);
    host::InstanceState state = first.trick().save_state();
    if (is_old_state) {
      state.version = 2;
      auto entries = *state.state.get_if<Options>();
      std::erase_if(entries, [](const auto& entry) { return entry.name == "total_epochs"; });
      state.state = host::Value(entries);
    }
    AveragingFit resumed = begin("swa");
    resumed.plan(30);
    resumed.resume(first, state);
    for (std::int64_t epoch = 2; epoch <= 5; ++epoch) resumed.epoch(epoch, 0.5);
    resumed.call(host::Hook::fit_end);
    EXPECT_NE(are_equal(resumed.tensors("average"), straight.tensors("average")), is_old_state);
  }
}

TEST_F(WeightAverage, RemembersThatItsNamesWereChecked) {
  AveragingFit first = begin("last");
  first.epoch(1, 0.5);
  AveragingFit resumed = begin("last");
  resumed.resume(first, first.trick().save_state());
  AveragingFit forgetful = begin("last");
  for (AveragingFit* fit : {&first, &resumed}) {
    fit->weights().publish("average", "somebody");  // later than the check
    fit->epoch(2, 0.6);
    fit->call(host::Hook::fit_end);
    EXPECT_NE(fit->weights().find("average_2"), nullptr);
  }
  forgetful.weights().publish("average", "somebody");
  EXPECT_THAT(error_message(host::ExitCode::recipe, [&] { forgetful.epoch(2, 0.6); }),
              HasSubstr("already taken by another weight set"));
}

TEST_F(WeightAverage, NeedsTheSetItAveragesWhenTheFirstEpochBegins) {
  const auto begin_of = [&](const char* set) {
    return AveragingFit("weight_average", Options{{"of", set}, {"refresh_bn", false}},
                        {averaged_tensor("weight", at::kFloat)}, folder_.path());
  };
  AveragingFit fit = begin_of("ema");
  fit.weights().publish("ema", "somebody");
  EXPECT_NO_THROW(fit.call(host::Hook::epoch_begin));

  AveragingFit misspelt = begin_of("emaa");
  misspelt.weights().publish("ema", "somebody");
  EXPECT_THAT(
      error_message(host::ExitCode::recipe, [&] { misspelt.call(host::Hook::epoch_begin); }),
      HasSubstr("no weight set is called `emaa`; there are `live`, `ema`; did you mean `ema`?"));
}

TEST_F(WeightAverage, RefusesStateThatIsIncompleteOrOfALaterVersion) {
  AveragingFit fit = begin("best");
  host::InstanceState state = fit.trick().save_state();
  ++state.version;
  EXPECT_THAT(error_message(host::ExitCode::training, [&] { fit.trick().load_state(state); }),
              HasSubstr("use the plugin that saved it"));
  --state.version;
  state.state = host::Value(Options{{"kept", host::Value::List{}}});
  EXPECT_THAT(error_message(host::ExitCode::training, [&] { fit.trick().load_state(state); }),
              HasSubstr("the saved state has no \"averaged\""));
}

}  // namespace
}  // namespace knack::testing
