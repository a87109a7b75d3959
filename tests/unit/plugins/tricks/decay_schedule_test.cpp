// SPDX-License-Identifier: MIT
// The decays of `ema`. Reference values: ema_decay() of tests/parity/reference/tricks.py, with 200
// steps in all.
#include "plugins/tricks/ema/decay_schedule.hpp"

#include <gtest/gtest.h>

#include <array>

namespace ema {
namespace {

constexpr std::int64_t kTotalSteps = 200;
constexpr std::array<std::int64_t, 4> kSteps{1, 2, 10, 200};

struct Schedule {
  const char* name;
  Options options;
  std::array<double, kSteps.size()> decays;
};

void PrintTo(const Schedule& schedule, std::ostream* out) {
  *out << schedule.name;
}

class DecaySchedule : public ::testing::TestWithParam<Schedule> {};

TEST_P(DecaySchedule, AgreesWithTheReference) {
  for (std::size_t i = 0; i < kSteps.size(); ++i) {
    EXPECT_NEAR(decay_at(GetParam().options, kSteps[i], kTotalSteps), GetParam().decays[i], 1e-15)
        << "step " << kSteps[i];
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, DecaySchedule,
    ::testing::Values(
        Schedule{"Constant", {.decay = 0.99, .schedule = "constant"}, {0.99, 0.99, 0.99, 0.99}},
        Schedule{"Threshold",
                 {.decay = 0.9, .schedule = "threshold"},
                 {0.18181818181818182, 0.25, 0.55, 0.9}},
        Schedule{"ExpByDefault",
                 {},
                 {0.07224928802008, 0.1392780943725847, 0.5275806839142594, 0.9998996941282697}},
        Schedule{
            "Exp",
            {.decay = 0.99, .schedule = "exp", .beta = 4},
            {0.0196033134263123, 0.03881845523920006, 0.17945655445279798, 0.9718675175001531}},
        Schedule{"WarmupByDefault",
                 {.decay = 0.8, .schedule = "warmup"},
                 {0.0, 0.3700394750525634, 0.7845565309968117, 0.8}},
        Schedule{"Warmup",
                 {.decay = 0.9, .schedule = "warmup", .gamma = 3, .power = 0.75, .min_decay = 0.25},
                 {0.0, 0.25, 0.6464466094067263, 0.9}},
        Schedule{"HalfLife",
                 {.schedule = "half_life", .half_life = 10},
                 {0.9330329915368074, 0.9330329915368074, 0.9330329915368074, 0.9330329915368074}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ema
