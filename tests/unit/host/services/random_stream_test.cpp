// SPDX-License-Identifier: MIT
#include "host/services/random_stream.hpp"

#include <ATen/ATen.h>
#include <knack/abi/ext/rng.h>

#include <stdexcept>
#include <vector>

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

TEST_F(RandomStream, RefusesAStateThatIsNone) {
  EXPECT_THROW(load_random_streams(context, Value(3)), std::invalid_argument);
  EXPECT_THROW(load_random_streams(context, Value::Map{{"cpu", 3}}), std::invalid_argument);
}

}  // namespace
}  // namespace knack::host
