// SPDX-License-Identifier: MIT
#include "host/services/random_stream.hpp"

#include <ATen/ATen.h>
#include <knack/abi/ext/rng.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "host/services/status.hpp"
#include "tests/support/error_message.hpp"
#include "tests/unit/host/services/service_test.hpp"

namespace knack::host {
namespace {

class RandomStream : public knack::testing::ServiceTest {
 protected:
  RandomStream() {
    services.seed = 7;
  }

  /// The first numbers of an instance named `name`.
  std::vector<std::uint64_t> first_numbers(const char* name, const char* kind = "trick") {
    InstanceContext instance("/p/it.so", kind, "it", name, services);
    std::vector<std::uint64_t> numbers(4);
    for (std::uint64_t& number : numbers) number = rng->next(&instance.table);
    return numbers;
  }

  const knack_rng_api_t* rng = table<knack_rng_api_t>(register_rng, KNACK_EXT_RNG);
};

TEST_F(RandomStream, FollowsFromTheSeedAndTheName) {
  const auto numbers = first_numbers("one");
  EXPECT_EQ(first_numbers("one"), numbers);
  EXPECT_NE(first_numbers("two"), numbers);
  services.seed = 8;
  EXPECT_NE(first_numbers("one"), numbers);
}

TEST_F(RandomStream, LeavesLibTorchsOwnAlone) {
  at::manual_seed(3);
  const double expected = at::rand({}).item<double>();
  at::manual_seed(3);
  first_numbers("one");
  EXPECT_EQ(at::rand({}).item<double>(), expected);
}

TEST_F(RandomStream, OfAModelIsLibTorchsOwn) {
  at::manual_seed(3);
  const double first = at::rand({}).item<double>();
  at::manual_seed(3);
  first_numbers("resnet", "model");
  EXPECT_NE(at::rand({}).item<double>(), first);
}

TEST_F(RandomStream, IsUniformInTheUnitInterval) {
  double sum = 0.0;
  for (int i = 0; i < 10'000; ++i) {
    const double number = rng->uniform(&context.table);
    ASSERT_GE(number, 0.0);
    ASSERT_LT(number, 1.0);
    sum += number;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

TEST_F(RandomStream, GoesOnWhereItWasSaved) {
  rng->next(&context.table);
  const Value saved = save_random_streams(context);
  const std::uint64_t expected = rng->next(&context.table);
  InstanceContext resumed("/p/ema.so", "trick", "ema", "ema", services);
  load_random_streams(resumed, saved);
  EXPECT_EQ(rng->next(&resumed.table), expected);
}

/// What a dataset's `batch` in a loader thread ends with that does `draw`.
template <class Draw>
std::string failure_in_another_thread(InstanceContext& instance, Draw draw) {
  std::string text;
  std::thread([&] {
    text = knack::testing::error_message(ExitCode::training,
                                         [&] { Call(instance, "batch").run(draw); });
  }).join();
  return text;
}

constexpr const char* kOtherThread =
    "/p/ema.so: trick ema, batch: random numbers: expected a call on the fit thread, found another "
    "thread; datasets derive what they draw from the request's seed, epoch and indices";

TEST_F(RandomStream, IsRefusedOnOtherThreadsThanTheFits) {
  EXPECT_EQ(failure_in_another_thread(
                context, [&] { return to_status([&] { random_stream(context, at::kCPU); }); }),
            kOtherThread);
  EXPECT_TRUE(context.generators.empty());
}

TEST_F(RandomStream, FailsTheCallThatDrawsNumbersOnAnotherThread) {
  EXPECT_EQ(failure_in_another_thread(context,
                                      [&] {
                                        rng->uniform(&context.table);
                                        return KNACK_STATUS_OK;
                                      }),
            kOtherThread);
  EXPECT_TRUE(context.generators.empty());
}

TEST_F(RandomStream, RefusesAStateThatIsNone) {
  EXPECT_THROW(load_random_streams(context, Value(3)), std::invalid_argument);
  EXPECT_THROW(load_random_streams(context, Value::Map{{"cpu", 3}}), std::invalid_argument);
}

}  // namespace
}  // namespace knack::host
