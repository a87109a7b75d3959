// SPDX-License-Identifier: MIT
// The saved state of `weight_average`. What it averages is compared with PyTorch in tests/parity.
#include <gmock/gmock.h>

#include "averaging_fit.hpp"
#include "tests/support/error_message.hpp"

namespace knack::testing {
namespace {

using ::testing::HasSubstr;
using Options = host::Value::Map;

class WeightAverage : public ::testing::Test {
 protected:
  AveragingFit begin(const char* select) {
    return {"weight_average",
            Options{{"select", select}, {"best", 2}, {"start", 0.1}, {"refresh_bn", false}},
            {averaged_tensor("weight", at::kFloat), averaged_tensor("count", at::kLong, true)},
            folder_.path()};
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
  EXPECT_THAT(error_message(host::ExitCode::training, [&] { forgetful.epoch(2, 0.6); }),
              HasSubstr("already taken by another weight set"));
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
