// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <knack/sdk/param_optimizer.hpp>
#include <knack/testing/fake_host.hpp>

namespace {

using knack::testing::FakeHost;
using knack::testing::OwnedValue;

struct Options {
  double lr = 0.5;
  std::int64_t every = 1;
  bool loud = false;
  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("lr", &Options::lr, "Learning rate").at_least(0);
    spec.add("every", &Options::every, "A number that is no fraction");
    spec.add("loud", &Options::loud, "No number at all");
  }
};

/// Adds up the gradients, and takes lr times the sum off the weight.
struct Summing final : knack::ParamOptimizer<Options> {
  static constexpr knack::Info info{.id = "summing"};
  using ParamOptimizer::ParamOptimizer;
  void update(knack::Tensor& weight, const knack::Tensor& gradient, Kept& kept,
              const Options& options) override {
    knack::Tensor& sum = kept["sum"];
    if (!sum.defined()) sum = knack::Tensor::zeros_like(weight);
    sum.add_(gradient);
    weight.sub_(sum * options.lr);
  }
};

/// An optimizer of the fake host with one parameter of two elements in each group.
class ParamOptimizer : public ::testing::Test {
 protected:
  struct Made {
    FakeHost::Instance<knack_optimizer_t> optimizer;
    std::vector<knack::Tensor> weights;
  };

  Made make(std::vector<knack::Value> group_options) {
    static constexpr knack_entry_t kEntry =
        knack::detail::make_entry<Summing>("", std::uint64_t{0});
    Made made{host_.create<knack_optimizer_t>(kEntry, "summing"), {}};
    for (const knack::Value& options : group_options) {
      made.weights.push_back(knack::Tensor::zeros({2}));
      knack_tensor_t* weight = made.weights.back().handle();
      const std::string text = "weight" + std::to_string(made.weights.size());
      const knack_string_t name{text.data(), text.size()};
      const knack_value_t lent = options.lend(host_.abi());
      const knack_param_group_t group{sizeof(group), 0, 1, &weight, &name, &lent};
      host_.expect_ok(made.optimizer->add_group(made.optimizer.get(), &group));
    }
    return made;
  }

  /// A step with gradients of one; false: the group has none.
  void step(Made& made, std::vector<bool> has_gradient) {
    const knack::Tensor one = knack::Tensor::zeros({2}).fill_(1);
    std::vector<knack_tensor_t*> gradients;
    std::vector<knack_tensor_t* const*> groups;
    for (const bool has : has_gradient) gradients.push_back(has ? one.handle() : nullptr);
    for (knack_tensor_t*& gradient : gradients) groups.push_back(&gradient);
    const knack_optimizer_step_t request{sizeof(request), 0, groups.size(), groups.data()};
    host_.expect_ok(made.optimizer->step(made.optimizer.get(), &request));
  }

  std::int32_t set(Made& made, std::uint64_t group, const char* name, double value) {
    return made.optimizer->set_option(made.optimizer.get(), group,
                                      {name, std::string_view(name).size()}, value);
  }
  double get(Made& made, std::uint64_t group, std::string_view name) {
    double value = 0;
    host_.expect_ok(made.optimizer->get_option(made.optimizer.get(), group,
                                               {name.data(), name.size()}, &value));
    return value;
  }

  OwnedValue save(Made& made) {
    std::uint32_t version = 0;
    knack_value_t state{};
    host_.expect_ok(made.optimizer->head.state_save(&made.optimizer->head, &version, &state));
    return OwnedValue::take(state);
  }
  std::int32_t load(Made& made, const OwnedValue& state) {
    return made.optimizer->head.state_load(&made.optimizer->head, 1, state.abi());
  }

  static float first(const knack::Tensor& tensor) {
    return tensor.data<float>()[0];
  }
  static knack::Value none() {
    return knack::Value::map({});
  }

  FakeHost host_;
};

TEST_F(ParamOptimizer, EachGroupHasItsOptionsAndEachParameterWhatItKeeps) {
  Made made = make({none(), knack::Value::map({{"lr", 0.25}})});
  step(made, {true, true});
  step(made, {true, false});  // a parameter without gradient is left alone
  EXPECT_EQ(first(made.weights[0]), -1.5F);
  EXPECT_EQ(first(made.weights[1]), -0.25F);
}

TEST_F(ParamOptimizer, NumericOptionsAreReadAndSetByName) {
  Made made = make({none(), none()});
  EXPECT_EQ(get(made, 0, "lr"), 0.5);
  EXPECT_EQ(get(made, 0, "every"), 1);
  EXPECT_EQ(set(made, 1, "lr", 2), KNACK_STATUS_OK);
  EXPECT_EQ(get(made, 1, "lr"), 2);
  EXPECT_EQ(get(made, 0, "lr"), 0.5);
}

TEST_F(ParamOptimizer, OptionsThatAreUnknownNoNumberOrOutOfRangeAreRefused) {
  Made made = make({none()});
  EXPECT_EQ(set(made, 0, "loud", 1), KNACK_STATUS_NOT_FOUND);
  EXPECT_EQ(set(made, 0, "speed", 1), KNACK_STATUS_NOT_FOUND);
  EXPECT_EQ(set(made, 0, "lr", -1), KNACK_STATUS_INVALID);
  EXPECT_EQ(get(made, 0, "lr"), 0.5);
  EXPECT_EQ(set(made, 7, "lr", 1), KNACK_STATUS_NOT_FOUND);
}

TEST_F(ParamOptimizer, GoesOnFromItsStateAsIfNothingHadHappened) {
  Made unbroken = make({none(), none()});
  host_.expect_ok(set(unbroken, 0, "lr", 0.125));
  step(unbroken, {true, false});
  const OwnedValue state = save(unbroken);

  Made resumed = make({none(), none()});
  host_.expect_ok(load(resumed, state));
  EXPECT_EQ(get(resumed, 0, "lr"), 0.125);
  for (std::size_t i = 0; i < resumed.weights.size(); ++i) {
    resumed.weights[i].copy_(unbroken.weights[i]);
  }
  step(unbroken, {true, true});
  step(resumed, {true, true});
  EXPECT_EQ(first(resumed.weights[0]), first(unbroken.weights[0]));
  EXPECT_EQ(first(resumed.weights[1]), first(unbroken.weights[1]));
  EXPECT_EQ(first(resumed.weights[0]), -0.375F);
}

TEST_F(ParamOptimizer, StateOfOtherGroupsOrParametersIsRefused) {
  Made two = make({none(), none()});
  step(two, {true, true});
  const OwnedValue state = save(two);
  Made one = make({none()});
  EXPECT_NE(load(one, state), KNACK_STATUS_OK);
  EXPECT_EQ(host_.error, "the saved state has 2 parameter groups, this run has 1");
  EXPECT_EQ(load(two, OwnedValue()), KNACK_STATUS_INVALID);
}

}  // namespace
