// SPDX-License-Identifier: MIT
// What `ema` does that a run of the finished program does not show: element types that a run does
// not mix, and its saved state. Its numbers are compared with PyTorch in tests/parity.
#include <gmock/gmock.h>

#include "averaging_fit.hpp"
#include "tests/support/error_message.hpp"

namespace knack::testing {
namespace {

using ::testing::HasSubstr;

std::vector<host::ModelTensor> mixed_tensors() {
  return {averaged_tensor("double", at::kDouble),
          averaged_tensor("float", at::kFloat),
          averaged_tensor("bfloat16", at::kBFloat16),
          averaged_tensor("second_double", at::kDouble),
          averaged_tensor("buffer", at::kFloat, true),
          averaged_tensor("cache", at::kFloat, true, false),
          averaged_tensor("integers", at::kInt, true),
          averaged_tensor("flags", at::kBool, true)};
}

constexpr std::size_t kAveraged = 5;  // of mixed_tensors(), the first ones

class Ema : public ::testing::Test {
 protected:
  AveragingFit begin(const host::Value::Map& options) {
    return {"ema", options, mixed_tensors(), folder_.path()};
  }

  TemporaryFolder folder_;
};

using Options = host::Value::Map;
const Options kConstant = {{"decay", 0.75}, {"schedule", "constant"}};
const Options kCorrected = {{"decay", 0.75}, {"schedule", "constant"}, {"bias_correction", true}};

bool are_equal(const std::vector<at::Tensor>& found, const std::vector<at::Tensor>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (found[i].scalar_type() != expected[i].scalar_type()) return false;
    if (!at::equal(found[i], expected[i])) return false;
  }
  return found.size() == expected.size();
}

TEST_F(Ema, AveragesEachTensorInItsOwnTypeAndCopiesIntegersAndCaches) {
  AveragingFit fit = begin(kConstant);
  std::vector<at::Tensor> expected;
  for (const host::ModelTensor& entry : mixed_tensors()) expected.push_back(entry.tensor);
  for (std::int64_t step = 1; step <= 3; ++step) {
    fit.step(step);
    const std::vector<at::Tensor> live = fit.tensors("live");
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (i < kAveraged) {
        expected[i].lerp_(live[i], 0.25);
      } else {
        expected[i].copy_(live[i]);
      }
    }
    EXPECT_TRUE(are_equal(fit.tensors("ema"), expected)) << "step " << step;
  }
  EXPECT_FALSE(at::equal(fit.tensors("ema")[4], fit.tensors("ema")[5]));
}

TEST_F(Ema, IsLeftAloneByAStepThatWasDropped) {
  AveragingFit fit = begin(kConstant);
  fit.step(1);
  std::vector<at::Tensor> before;
  for (const at::Tensor& tensor : fit.tensors("ema")) before.push_back(tensor.clone());
  fit.step(2, false);
  EXPECT_TRUE(are_equal(fit.tensors("ema"), before));
  fit.step(2);
  EXPECT_FALSE(are_equal(fit.tensors("ema"), before));
}

TEST_F(Ema, GoesOnBitForBitFromItsSavedState) {
  const Options options_of_cases[] = {
      kConstant, kCorrected, {{"bias_correction", true}, {"every", 2}}, {}};
  for (const Options& options : options_of_cases) {
    AveragingFit straight = begin(options);
    AveragingFit first = begin(options);
    AveragingFit resumed = begin(options);
    for (std::int64_t step = 1; step <= 5; ++step) {
      straight.step(step);
      first.step(step);
    }
    resumed.resume(first, first.trick().save_state());
    for (std::int64_t step = 6; step <= 10; ++step) {
      straight.step(step);
      resumed.step(step);
    }
    EXPECT_TRUE(are_equal(resumed.tensors("ema"), straight.tensors("ema")));
  }
}

TEST_F(Ema, TakesStateOfVersionOneAsAnAverageThatBeganWithTheInitialWeights) {
  AveragingFit first = begin(kConstant);
  AveragingFit resumed = begin(kCorrected);
  first.step(1);
  const host::InstanceState old{
      1, host::Value(Options{{"updates", 1}, {"decay", 0.75}, {"total_steps", 10}})};
  resumed.resume(first, old);
  first.step(2);
  resumed.step(2);
  EXPECT_TRUE(are_equal(resumed.tensors("ema"), first.tensors("ema")));

  AveragingFit corrected = begin(kCorrected);
  corrected.step(1);
  corrected.step(2);
  EXPECT_FALSE(are_equal(corrected.tensors("ema"), first.tensors("ema")));
}

TEST_F(Ema, RefusesStateThatIsIncompleteOrOfALaterVersion) {
  AveragingFit fit = begin(kConstant);
  host::InstanceState state = fit.trick().save_state();
  ++state.version;
  EXPECT_THAT(error_message(host::ExitCode::training, [&] { fit.trick().load_state(state); }),
              HasSubstr("use the plugin that saved it"));
  --state.version;
  state.state = host::Value(Options{{"updates", 1}, {"decay", 0.75}, {"total_steps", 10}});
  EXPECT_THAT(error_message(host::ExitCode::training, [&] { fit.trick().load_state(state); }),
              HasSubstr("the saved state has no \"total_weight\""));
}

}  // namespace
}  // namespace knack::testing
