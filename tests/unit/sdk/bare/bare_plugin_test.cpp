// SPDX-License-Identifier: MIT
// Failures of a plugin without exceptions reach the host as those of any other.
#include <gtest/gtest.h>
#include <knack/testing/toy_fit.hpp>

#include <algorithm>

namespace knack {
namespace {

const knack_entry_t& plugin() {
  static const knack_entry_t& entry = testing::open_plugin(KNACK_BARE_PLUGIN);
  return entry;
}

struct Failure {
  const char* how;
  std::int32_t status;
  const char* text;
};

void PrintTo(const Failure& failure, std::ostream* out) {
  *out << failure.how;
}

class BarePlugin : public ::testing::TestWithParam<Failure> {};

TEST_P(BarePlugin, FirstFailureOfAHookIsTheOneTold) {
  testing::FakeHost host;
  host.hide(KNACK_EXT_RNG);
  const auto trick = host.create<knack_trick_t>(plugin(), "acme.bare", {{"how", GetParam().how}});
  const testing::ToyFit fit(host, *trick);
  const knack_value_t inputs = Value::map({{"images", 3}}).lend(host.abi());
  knack_hook_context_t context = testing::hook_context();
  context.inputs_borrowed = &inputs;
  EXPECT_EQ(trick->fit_begin(trick.get(), &context), GetParam().status);
  EXPECT_NE(host.error.find(GetParam().text), std::string::npos) << host.error;
  EXPECT_EQ(context.new_loss_owned, nullptr);
  EXPECT_TRUE(host.reports.empty()) << "a service was called after a failure";

  host.expect_ok(trick->after_step(trick.get(), &context));
  EXPECT_EQ(context.reply, KNACK_REPLY_STOP_FIT) << "a failure outlived its hook";
}

INSTANTIATE_TEST_SUITE_P(
    Ways, BarePlugin,
    ::testing::Values(
        Failure{"own", KNACK_STATUS_UNSUPPORTED, "cannot do this"},
        Failure{"operator", KNACK_STATUS_FAILED, ""},
        Failure{"unknown operator", KNACK_STATUS_NOT_FOUND, "aten::no_such_operator"},
        Failure{"undefined", KNACK_STATUS_INVALID, "the tensor is undefined"},
        Failure{"data", KNACK_STATUS_INVALID, "data() needs a row-major CPU tensor"},
        Failure{"extension", KNACK_STATUS_UNSUPPORTED, "this host has no knack.rng/1"},
        Failure{"mistyped", KNACK_STATUS_INVALID, "expected a tensor, found an integer"},
        Failure{"service", KNACK_STATUS_NOT_FOUND, "no such set"},
        Failure{"callback", KNACK_STATUS_DATA, "bad batch"}),
    [](const auto& info) {
      std::string name = info.param.how;
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

TEST(BarePlugin, OneThatDoesNotFailDoesItsWork) {
  testing::FakeHost host;
  const auto trick = host.create<knack_trick_t>(plugin(), "acme.bare");
  const testing::ToyFit fit(host, *trick);
  knack_hook_context_t context = testing::hook_context();
  EXPECT_EQ(trick->fit_begin(trick.get(), &context), KNACK_STATUS_FAILED);
  EXPECT_EQ(host.error, "the last failure");
  EXPECT_EQ(host.reports.size(), 1U);
  ASSERT_NE(context.new_loss_owned, nullptr);
  (void)Tensor::take(context.new_loss_owned);
}

TEST(BarePlugin, AFailureOfTheConstructorRefusesTheInstance) {
  testing::FakeHost host;
  EXPECT_THROW((void)host.create<knack_trick_t>(plugin(), "acme.bare", {{"how", "constructor"}}),
               std::runtime_error);
  EXPECT_EQ(host.error, "the constructor failed");
  EXPECT_EQ(host.live_handles(), 0) << "what the constructor had made is left";
}

TEST(BarePlugin, WrongOptionsAreRefused) {
  testing::FakeHost host;
  knack_instance_t* instance = nullptr;
  const auto text = [&](const Value& options) {
    const knack_value_t given = options.lend(host.abi());
    EXPECT_EQ(plugin().create(0, host.abi(), &given, &instance), KNACK_STATUS_INVALID);
    EXPECT_EQ(instance, nullptr);
    return host.error;
  };
  EXPECT_EQ(text(Value::map({{"limited", 4}})), "option \"limited\": expected maximum 3, found 4");
  EXPECT_EQ(text(Value::map({{"how", 1}})), "option \"how\": expected a string, found an integer");
  EXPECT_EQ(text(Value::map({{"hwo", 1}})), "there is no option \"hwo\"; there are how, limited");
}

TEST(BarePlugin, StateThatFailsIsNotGivenAway) {
  testing::FakeHost host;
  std::uint32_t version = 0;
  knack_value_t state{};
  {
    const auto trick = host.create<knack_trick_t>(plugin(), "acme.bare", {{"how", "save"}});
    EXPECT_EQ(trick->head.state_save(&trick->head, &version, &state), KNACK_STATUS_FAILED);
    EXPECT_EQ(host.error, "cannot be saved");
  }
  EXPECT_EQ(host.live_handles(), 0);
  const auto trick = host.create<knack_trick_t>(plugin(), "acme.bare");
  const knack_value_t empty = Value::map({}).lend(host.abi());
  EXPECT_EQ(trick->head.state_load(&trick->head, 1, &empty), KNACK_STATUS_FAILED);
  EXPECT_EQ(host.error, "the saved state has no \"kept\"");
}

}  // namespace
}  // namespace knack
